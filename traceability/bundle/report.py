"""Report: what a check found, each kind of fault once, so that one cause does not hide the others."""

from dataclasses import dataclass, field

from traceability.bundle.rows import PAYLOADS, Finding, LogRow


@dataclass
class Report:
    """What was found: the first fault of each code, and notes with how often each applies."""

    faults: dict[str, Finding] = field(default_factory=dict)
    notes: dict[tuple[str, str], tuple[int, Finding]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """A fault."""
        self.faults.setdefault(finding.code, finding)

    def row(self, code: str, row: LogRow, file: str, sentence: str, line: int | None = None) -> None:
        """A fault of one fact."""
        self.add(Finding(code, file, line or row.index + 1, row.index, f"Fact {row.index}: {sentence}"))

    def note(self, code: str, index: int, sentence: str) -> None:
        """What could not be checked."""
        none = (0, Finding(code, PAYLOADS, index + 1, index, sentence, note=True))
        count, first = self.notes.get((code, sentence), none)
        self.notes[code, sentence] = count + 1, first

    def findings(self) -> tuple[Finding, ...]:
        """Faults in the order found, then notes."""
        told = [
            Finding(each.code, each.file, each.line, each.index, f"{count} x: {each.sentence}", note=True)
            for count, each in self.notes.values()
        ]
        return (*self.faults.values(), *told)
