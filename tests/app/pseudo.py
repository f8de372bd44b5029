"""pseudo.py ROOT FOLDER: a language that is English in brackets, for tests. Extracts the words of ROOT as
resources/po/meson.build does, gives each a translation of itself between marks, and writes into FOLDER
  po/xx/LC_MESSAGES/wavediffusion.mo   for WAVEDIFFUSION_LOCALES
  locale/xx_XX.utf8                    for LOCPATH: the C locale in UTF-8 by a name that translations are sought for
Formats, mnemonics and line ends stay where they are."""
import pathlib
import re
import shutil
import subprocess
import sys

root, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
po = root / "resources" / "po"
folder.mkdir(parents=True, exist_ok=True)


def run(*command):
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode or "warning" in done.stderr:
        sys.exit(f"{command[0]}: {done.stderr}")


arguments = re.findall(r"'(--(?:keyword|flag|from-code)=[^']*)'", (po / "meson.build").read_text())
files = [line for line in (po / "POTFILES").read_text().splitlines() if line and not line.startswith("#")]
words = [f for f in files if f.endswith((".c", ".ui"))]
template = folder / "words.po"
run("xgettext", *arguments, "--no-wrap", "--force-po", "-o", str(template), *words)

# What the walk of the window does not come to, seen in the source: texts given to a widget as they are, and files
# with words that POTFILES does not list.
first = "gtk_label_new|gtk_(check_|toggle_|)button_new_with_(label|mnemonic)|gtk_expander_new|wd_section_new|wd_dialog_note"
second = (
    "gtk_label_set_text|gtk_widget_set_tooltip_text|gtk_(menu_|check_|)button_set_label|gtk_window_set_title|g_menu_append"
    "|g_menu_append_submenu|gtk_entry_set_placeholder_text|wd_window_notify_error|wd_section_row|wd_section_check|wd_section_words"
)
shown = re.compile(
    rf'\b(?:(?:{first})\((?:[^";]*\? )?|(?:{second})\((?:[^"();]|\([^"();]*\))*,\s*(?:[^"(),;]*\? )?|\.(?:what|kept) = (?:\(char \*\))?)'
    r'"((?:[^"\\]|\\.)*)"'
)
bare = []
for path in sorted((root / "app").glob("*.[ch]")):
    source = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    name = str(path.relative_to(root))
    if re.search(r"\b(_|N_|C_|ngettext)\(", source) and name not in words and path.name != "i18n.h":
        bare.append(f"{name} is missing in resources/po/POTFILES")
    for found in shown.finditer(source):
        text = found.group(found.lastindex)
        if re.search("[A-Za-z]{2}", text) and text != "WaveDiffusion" and not text.startswith("{model}"):
            bare.append(f'{name}: "{text}" is shown without _()')
if bare:
    sys.exit("\n".join(bare))

# One entry is lines msgctxt, msgid, msgid_plural, msgstr; of several lines each where it has line ends.
text = template.read_text()
entries = re.split(r"\n\n+", text)
out = ['msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=2; plural=n != 1;\\n"']


def value(entry, key):
    found = re.search(rf'^{key} ((?:"(?:[^"\\]|\\.)*"\s*)+)', entry, re.M)
    return None if not found else "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found.group(1)))


def marked(t):
    before, inner, after = re.fullmatch(r"((?:\\n|\s)*)(.*?)((?:\\n|\s)*)", t, re.S).groups()
    return f'"{before}⟦{inner}⟧{after}"'


for entry in entries[1:]:
    one, many, context = value(entry, "msgid"), value(entry, "msgid_plural"), value(entry, "msgctxt")
    if not one:
        continue
    kind = re.findall(r"^#, .*$", entry, re.M)
    lines = kind + ([f'msgctxt "{context}"'] if context else []) + [f'msgid "{one}"']
    if many:
        lines += [f'msgid_plural "{many}"', f"msgstr[0] {marked(one)}", f"msgstr[1] {marked(many)}"]
    else:
        lines.append(f"msgstr {marked(one)}")
    out.append("\n".join(lines))
catalogue = folder / "pseudo.po"
catalogue.write_text("\n\n".join(out) + "\n")
target = folder / "po" / "xx" / "LC_MESSAGES" / "wavediffusion.mo"
target.parent.mkdir(parents=True, exist_ok=True)
run("msgfmt", "--check-format", "-o", str(target), str(catalogue))
for place in ("/usr/lib/locale/C.utf8", "/usr/lib/locale/C.UTF-8", "/usr/lib64/locale/C.utf8"):
    if pathlib.Path(place).is_dir():
        shutil.copytree(place, folder / "locale" / "xx_XX.utf8", dirs_exist_ok=True)
        break
else:
    sys.exit("this system has no C locale in UTF-8 in a folder of its own: glibc's C.utf8 is wanted")
print(len(out) - 1, "texts of", len(words), "files")
