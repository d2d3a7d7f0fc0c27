"""A model card's figures in words and tables: how good the generator is, its known faults."""

from typing import TYPE_CHECKING, Any

from dcgan.evaluation.asked_words import in_words
from dcgan.evaluation.faults import faults
from dcgan.evaluation.figures import FIGURES, beside, copy_sentence, floors, metric_name, origin, times_floor
from dcgan.evaluation.report import kept_reports
from dcgan.evaluation.verdict import answers
from dcgan.metrics.enough import too_few
from dcgan.runs.run import Run

if TYPE_CHECKING:
    from dcgan.networks.models import Generator


def quality(run: Run, generator: "Generator", report: dict[str, Any]) -> str:
    rows = [
        f"| {f'{figure.label}, `{metric_name(report)}`' if key == 'distance' else figure.label} "
        f"| {found['value']:.{figure.digits}f} | {beside(figure, found)} | {figure.better} |"
        for key, figure in FIGURES.items()
        if (found := report["figures"][key]) is not None
    ]
    table = "\n".join(["| figure | this model | real against real | better |", "|---|---|---|---|", *rows])
    said = "\n".join(f"- **{answer.question}** {answer.short}. {plain(answer.text)}" for answer in answers(report))
    parts = ["## How good it is", too_few(report), said]
    how = f"How it was measured: {plain(origin(report))}"
    if not too_few(report):
        parts += [table, f"The distance is {times_floor(report):.1f} times its floor. {copy_sentence(report)}"]
        parts += [_classes(report), _steps(run, generator, report)]
        if report.get("asked"):
            parts.append(plain(in_words(report["asked"])))
        how += f" {floors(report)} {report['judge']['limits']}"
    parts.append(how)
    parts += [plain(note) for note in report["notes"]]
    return "\n\n".join(part for part in parts if part)


def _classes(report: dict[str, Any]) -> str:
    classes = report["classes"]
    if classes is None:
        return ""
    own, real = classes["precision"], classes["real_precision"]
    rows = []
    for i, name in enumerate(classes["names"]):
        looks = "–" if own is None or own[i] is None else f"{own[i]:.0%}"
        floor = real[i] if real else None
        looks += f" ({floor['mean']:.0%} ± {floor['deviation']:.0%})" if floor else ""
        rows.append(f"| {plain(name)} | {classes['share'][i]:.1%} ({classes['real_share'][i]:.1%}) | {looks} |")
    head = ["| class | share of the pictures (real) | look real (real ones) |", "|---|---|---|"]
    return "\n".join([*head, *rows])


def _steps(run: Run, generator: "Generator", report: dict[str, Any]) -> str:
    """The distance at other kept steps, where they were measured alike: why this step."""
    alike = {other["step"]: other for other in kept_reports(run, generator.config, report["n"], report["seed"])}
    if len(alike) < 2:
        return ""
    rows = [f"| {step:,} | {alike[step]['figures']['distance']['value']:.3f} |" for step in sorted(alike)]
    return "\n".join(["| step | distance |", "|---|---|", *rows])


def known_faults(report: dict[str, Any]) -> str:
    none = "There are too few pictures to tell." if too_few(report) else "None that these figures show."
    found = faults(report) or [none]
    return "## Known faults\n\n" + "\n".join(f"- {plain(fault)}" for fault in found)


def plain(text: str) -> str:
    """A person's words inside Markdown: on one line, no tags, no table's border."""
    text = " ".join(text.split())
    for char in "\\`*_[]<>|":
        text = text.replace(char, f"\\{char}")
    return text
