"""How the pictures of a sample grid are laid out."""

from dcgan.runs.grid_cells import Cell, full_columns, grid_shape


def cells(n: int) -> list[Cell]:
    return list(map(Cell, range(n)))


def test_sample_grids_have_full_rows_where_they_can():
    assert [full_columns(cells(n)) for n in (1, 4, 25, 32, 36, 64, 30)] == [1, 2, 5, 8, 6, 8, 6]
    assert full_columns(cells(23)) is None and full_columns(cells(26)) is None


def test_a_grid_has_as_many_rows_as_it_is_drawn_with():
    assert [grid_shape(cells(n)) for n in (1, 23, 32, 64)] == [(1, 1), (5, 5), (4, 8), (8, 8)]
    assert grid_shape([Cell(seed, label) for label in range(3) for seed in range(10)]) == (3, 10)
