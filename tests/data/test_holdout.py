"""How many pictures are held out, and which."""

from dcgan.data.holdout import held_out, num_held_out, num_to_hold_out


def test_held_out_names_are_stable_and_bounded():
    names = [f"{i}.png" for i in range(1_000)]
    chosen = held_out(names)
    assert len(chosen) == 50 and chosen == held_out(names[::-1])
    assert len(chosen & held_out([*names, "new.png"])) >= 49
    assert held_out(names[:199]) == set()
    assert len(held_out([str(i) for i in range(50_000)])) == 2_000
    assert len(held_out(names, 200)) == 200 and chosen < held_out(names, 200)


def test_a_new_run_holds_out_more_of_a_small_set_and_as_before_of_a_large_one():
    expected = {0: 0, 199: 0, 200: 40, 210: 42, 500: 100, 1_000: 200, 3_999: 200, 4_000: 200, 10_000: 500}
    for number, num_test in expected.items():
        assert num_held_out(number, num_to_hold_out(number)) == num_test
    assert num_to_hold_out(4_000) == 0  # so that what was prepared before is still used
