"""Results as a line, a table for people, and JSON for programs."""

from typing import Any

from scenarios import Result

SUBJECT = "lateen"


def ratios(median: dict[str, float]) -> dict[str, float]:
    own = median.get(SUBJECT)
    return {name: own / figure for name, figure in median.items() if own is not None and name != SUBJECT and figure > 0}


def as_json(result: Result) -> dict[str, Any]:
    median = result.median()
    return {"name": result.scenario.name, "unit": result.scenario.unit, "rounds": result.rounds,
            "median": {name: round(figure, 3) for name, figure in median.items()},
            "ratio": {name: round(ratio, 3) for name, ratio in ratios(median).items()}}


def line(result: Result) -> str:
    figures = ", ".join(f"{name} {figure:.2f}" for name, figure in result.median().items())
    return f"bench: {result.scenario.name}: {figures} {result.scenario.unit}"


def table(results: list[Result]) -> str:
    """Markdown: medians, and in parentheses how much of the peer's cost is lateen's."""
    names = list(dict.fromkeys(name for result in results for name in result.median()))
    lines = ["| scenario | unit | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for result in results:
        median, ratio = result.median(), ratios(result.median())
        cells = []
        for name in names:
            text = f"{median[name]:.2f}" if name in median else "-"
            cells.append(text + (f" ({ratio[name]:.2f}x)" if name in ratio else ""))
        lines.append(f"| {result.scenario.title} | {result.scenario.unit} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
