"""The one error a user sees: a sentence that says what is wrong and what would be right, and an exit code."""

FAILED = 1
WRONG_USE = 2  # wrong use, or a file that is not what it should be
SOME_FAILED = 3  # some jobs of a batch failed
MISSING = 4  # a model or an extra is not installed
INTERRUPTED = 130


def first_line(error: BaseException, most: int = 200) -> str:
    """What a library says at length, in one line of so many letters; its kind, where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:most]


class T2WError(Exception):
    """A mistake that the user can mend. The command line prints the sentence and exits with `code`, without a traceback."""

    def __init__(self, sentence: str, code: int = WRONG_USE):
        super().__init__(sentence)
        self.code = code
