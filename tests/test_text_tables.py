from cyclesr.text_tables import aligned_columns, markdown_table


def test_markdown_escapes_bars() -> None:
    assert markdown_table(("a", "b"), [("1|2", "3")]) == "| a | b |\n| --- | --- |\n| 1\\|2 | 3 |"


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned_columns(("a", "bb"), [("ccc", "d")]) == "a    bb\nccc  d"
