#!/usr/bin/env python3
"""Writes docs/requirements.md: which test shows which requirement, read from the tests themselves.

    docs/make-requirements.py           writes the table
    docs/make-requirements.py --check   exits 1 when the table is out of date
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "requirements.md"
TRAIT = re.compile(r'\[Trait\("Requirement",\s*"(S\d+)"\)\]')
CLASS = re.compile(r"\bclass (\w+)")
METHOD = re.compile(r"public (?:static )?(?:async )?(?:void|Task|ValueTask) (\w+)\(")


def requirements():
    shown = {}
    for file in sorted((ROOT / "tests").rglob("*.cs")):
        if {"bin", "obj"} & set(file.parts):
            continue
        owner, pending, on_class = file.stem, [], []
        for line in file.read_text(encoding="utf-8").splitlines():
            pending += TRAIT.findall(line)
            if match := CLASS.search(line):
                owner, on_class, pending = match.group(1), pending, []
            elif match := METHOD.search(line):
                for requirement in dict.fromkeys(pending + on_class):
                    shown.setdefault(requirement, []).append(f"{owner}.{match.group(1)}")
                pending = []
    return shown


def table(shown):
    lines = [
        "# Requirements and the tests that show them",
        "",
        "Made by `docs/make-requirements.py` from the `Requirement` traits of the tests; `./check` compares.",
        "",
        "| Requirement | Shown by |",
        "|---|---|",
    ]
    for requirement in sorted(shown, key=lambda name: int(name[1:])):
        tests = "<br>".join(f"`{test}`" for test in sorted(set(shown[requirement])))
        lines.append(f"| {requirement} | {tests} |")
    return "\n".join(lines) + "\n"


def main():
    text = table(requirements())
    if "--check" in sys.argv[1:]:
        if not TABLE.exists() or TABLE.read_text(encoding="utf-8") != text:
            print("docs/requirements.md is out of date: run docs/make-requirements.py")
            return 1
        return 0
    TABLE.write_text(text, encoding="utf-8")
    return 0


sys.exit(main())
