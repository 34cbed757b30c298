"""QR codes as a terminal shows them, read by PyPI's zxing-cpp and nothing of ours."""
import zxingcpp

BLOCKS = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
BEGIN, END = "\x1b[40;37;1m", "\x1b[0m"


def lines(text):
    """Those lines of what was written to a terminal that belong to a code."""
    return [line for line in text.replace("\r\n", "\n").split("\n") if line.startswith(BEGIN)]


def rows(shown):
    """The modules of a code's lines, 1 for dark, with what is around them."""
    assert all(line.startswith(BEGIN) and line.endswith(END) for line in shown), "a line has not its colours"
    pairs = [[BLOCKS[block] for block in line[len(BEGIN):-len(END)]] for line in shown]
    return [[half[which] for half in line] for line in pairs for which in (0, 1)]


def read(modules):
    """The texts that are found in a picture of them, four pixels a module."""
    image = bytes(0 if dark else 255 for row in modules for _ in range(4) for dark in row for _ in range(4))
    picture = memoryview(image).cast("B", (len(modules) * 4, len(modules[0]) * 4))
    return [result.text for result in zxingcpp.read_barcodes(picture)]
