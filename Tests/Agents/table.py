"""The table in docs/agents.md: a row for each case, a column for each form, written from what was found."""
import re

from cases import CASES
from playing import told
from stage import FORMS, name_of

BEGIN, END = "<!-- written by Tests/Agents/run --table -->", "<!-- end of what is written -->"
NONE, NOTHING = "–", "not played"


def title(form):
    return name_of(form) + ("" if form.is_real else " (stand-in)")


def lines(results, kept):
    """The tables as text, one for each theme; what was not played keeps its field."""
    text = ""
    for theme in dict.fromkeys(case.theme for case in CASES):
        cases = [case for case in CASES if case.theme == theme]
        forms = [form for form in FORMS if any(form in case.forms for case in cases)]
        text += f"\n| {theme} | {' | '.join(map(title, forms))} |\n|{' --- |' * (len(forms) + 1)}\n"
        for case in cases:
            cells = [cell(results, kept, case, form) for form in forms]
            text += f"| {case.name} | {' | '.join(cells)} |\n"
    return text


def cell(results, kept, case, form):
    if form not in case.forms:
        return NONE
    if (case.theme, case.name, form) not in results:
        return kept.get((case.theme, case.name, title(form)), NOTHING)
    return told(results[case.theme, case.name, form])


def parts(page):
    before, rest = page.split(BEGIN + "\n")
    between, after = rest.split(END)
    return before, between, after


def write(path, results):
    before, _, after = parts(path.read_text())
    path.write_text(f"{before}{BEGIN}\n{lines(results, fields(path))}\n{END}{after}")


def fields(path):
    """What the page has, by theme, row and column."""
    said, theme, columns = {}, None, []
    for line in parts(path.read_text())[1].splitlines():
        cells = [each.strip() for each in re.split(r" \| ", line.strip().removeprefix("| ").removesuffix(" |"))]
        if cells[1:] and set(cells[1]) != {"-"}:
            if cells[1] in map(title, FORMS):
                theme, columns = cells[0], cells[1:]
            else:
                said |= {(theme, cells[0], column): value for column, value in zip(columns, cells[1:])}
    return said


def without_events(cell):
    """How many events there are differs from run to run."""
    return re.sub(r" · \d+ · (\d+)$", r" · \1", cell.strip())


def differences(path, results):
    """Where the page tells something else than what was found, a sentence each."""
    said, found = fields(path), []
    for (theme, name, form), result in results.items():
        if result is None:
            continue
        there, here = said.get((theme, name, title(form)), NOTHING), told(result)
        if without_events(there) != without_events(here):
            found.append(f"{path.name}, {name}, {title(form)}: it says {there!r}, and {here!r} was found")
    return found
