"""Which steps are pictured."""

from dcgan.training.snapshots import is_sample_step


def test_the_first_steps_are_sampled_at_powers_of_two():
    steps = [step for step in range(1, 301) if is_sample_step(step, 100)]
    assert steps == [8, 16, 32, 64, 100, 200, 300]
    assert [step for step in range(1, 10) if is_sample_step(step, 3)] == [3, 6, 9]
