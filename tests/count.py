#!/usr/bin/env python3
"""count.py LOG...: counts the points of meson's testlog.json files and prints, last, one line
`N passed, N failed, N skipped`.

A test that speaks TAP (tests/tap.h) counts point by point, any other as one. A test that ended badly without a
failed point (a crash, a time limit, a broken report) counts as one failure, and so does one that reported
nothing at all. Exits 1 when anything failed or nothing ran."""
import json
import re
import sys

POINT = re.compile(r"^(not )?ok\b(?: +\d+)?(?: +- )?(.*)$")
BAD = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"}


def count(record):
    """(passed, failed, skipped, lines to show) of one test."""
    passed = failed = skipped = 0
    shown = []
    name, result = record["name"], record["result"]
    output = record.get("stdout") or ""
    points = [m for m in map(POINT.match, output.splitlines()) if m]
    for m in points:
        directive = re.search(r"#\s*(skip|todo)\b\s*(.*)", m.group(2), re.IGNORECASE)
        if directive and directive.group(1).lower() == "skip":
            skipped += 1
            shown.append(f"skipped: {name}: {directive.group(2) or m.group(2)}")
        elif m.group(1):
            failed += 1
            shown.append(f"FAILED: {name}: {m.group(2)}")
        else:
            passed += 1
    if result in BAD and failed == 0:
        failed += 1
        tail = (record.get("stderr") or output).strip().splitlines()[-12:]
        shown.append(f"FAILED: {name}: {result}, exit status {record.get('returncode')}")
        shown += ["    " + line for line in tail]
    elif not points and result not in BAD:
        plan = re.search(r"^1\.\.0\s*(?:#\s*(?:skip\w*)?\s*(.*))?$", output, re.IGNORECASE | re.MULTILINE)
        if result == "OK":
            passed += 1
        elif plan or record.get("returncode") == 77:
            skipped += 1
            shown.append(f"skipped: {name}: {(plan and plan.group(1)) or 'no reason given'}")
        else:
            failed += 1
            shown.append(f"FAILED: {name}: reported no test point ({result})")
    return passed, failed, skipped, shown


def main():
    totals = [0, 0, 0]
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                *numbers, shown = count(json.loads(line))
                totals = [a + b for a, b in zip(totals, numbers)]
                for text in shown:
                    print(text)
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
