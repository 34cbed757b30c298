"""What is played, by theme, in the order of the table."""
import collections

from stage import FORMS

Case = collections.namedtuple("Case", "theme name play forms is_short is_bad")
CASES = []


def case(theme, name, forms=lambda form: True, short=True, bad=False):
    """Registers `play(stage, form)`, which gives what was found.

    `short`: for every day, and not for --full only; `bad`: stand-ins play it, whoever they are called.
    """
    def register(play):
        CASES.append(Case(theme, name, play, [form for form in FORMS if forms(form)], short, bad))
        return play
    return register


def by_stdin(form):
    return form.via == "stdin"
