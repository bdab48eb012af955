"""Files and functions are small enough to be read at once."""

import pytest

from tests.support.source_files import SOURCE, source_files

pytestmark = pytest.mark.xdist_group("source")

MAX_LINES_OF_A_FILE = 400
MAX_LINES_OF_A_FUNCTION = 60


def test_a_file_is_one_noun_and_short() -> None:
    sizes = {file.path: file.text.count("\n") for file in source_files(SOURCE)}
    assert {path: lines for path, lines in sizes.items() if lines > MAX_LINES_OF_A_FILE} == {}


def test_a_function_fits_a_screen() -> None:
    sizes = [
        (f"{file.path}:{name}", lines)
        for file in source_files(SOURCE)
        for name, lines in file.functions
    ]
    assert len(sizes) > 2000
    assert [each for each in sizes if each[1] > MAX_LINES_OF_A_FUNCTION] == []
