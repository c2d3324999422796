#!/usr/bin/env python3
"""No result file of up to 64 MiB takes more than 200 MB of memory or 10 s of CPU time. One process writes each
hostile file and another reads it; the resource use of the second is measured. `result_size_test.py NAME...`
measures only these files."""

import io
import os
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
import zlib

MIB = 1 << 20
WHOLE = 64 * MIB
MEMORY_MB = 200
SECONDS = 10
HEAD = '<worksheet><sheetData>'
TAIL = '</sheetData></worksheet>'
TOP = '<row><c t="str"><v>DeviceName</v></c><c><v>Code</v></c></row>'.replace("<c><v>Code", '<c t="str"><v>Code')


def gzipped(data, level=9):
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def archive(entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in entries:
            file.writestr(name, data)
    return out.getvalue()


def book(sheet, texts=None, more=(), method=zipfile.ZIP_DEFLATED):
    entries = [("xl/workbook.xml", "<w/>"), ("xl/worksheets/sheet1.xml", sheet)]
    if texts is not None:
        entries.append(("xl/sharedStrings.xml", texts))
    return archive(entries + list(more), method)


def filled(head, unit, size=WHOLE, tail=b""):
    return head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


def distinct(form, size):
    """Returns as many different texts as fit into the size."""
    out, total, number = [], 0, 0
    while total < size:
        text = form(number)
        out.append(text)
        total += len(text)
        number += 1
    return "".join(out)[:size + 1000]


def cells_of(count, text="0"):
    return f'<c t="s"><v>{text}</v></c>' * count


def many_entries():
    """A ZIP64 file with 500,000 empty entries, about 60 MB."""
    local = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 6, 0)
    central, body = [], []
    for number in range(500_000):
        name = b"%06d" % number
        central.append(b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0,
                                                   number * (len(local) + 6)) + name)
        body.append(local + name)
    body, central = b"".join(body), b"".join(central)
    end64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 500_000, 500_000, len(central), len(body))
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(body) + len(central), 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xffff, 0xffff, len(central), len(body), 0)
    return body + central + end64 + locator + end


def worst_devices():
    """100,000 failed devices with the longest texts that are stored, in nearly 64 MiB."""
    row = "{},{},%s,%s" % ("c" * 60, "m" * 300)
    rows = [row.format(("p%06d" % i) * 17, ("d%06d" % i) * 18) for i in range(99_999)]
    return ("ProductKey,DeviceName,Code,Message\n" + "\n".join(rows) + "\n").encode()[:WHOLE]


def rows_of(form, count=1_000_000):
    return "".join(form % i for i in range(count))


# First the file of each issue that made the daemon crash, then other possible ones.
FILES = {
    "commas_in_a_row": lambda: gzipped(b"DeviceName,Code\n" + b"," * 60_000_000),
    "commas_in_the_header": lambda: gzipped(b"DeviceName,Code" + b"," * 60_000_000),
    "one_text_in_64_header_cells": lambda: book(HEAD + "<row>" + cells_of(64) + "</row>" + TAIL,
                                                "<sst><si><t>" + "x" * 30_000_000 + "</t></si></sst>"),
    "one_text_in_64_data_cells": lambda: book(HEAD + TOP + ("<row>" + cells_of(64) + "</row>") * 100 + TAIL,
                                              "<sst><si><t>" + "x" * 30_000_000 + "</t></si></sst>"),
    "a_kept_text_in_many_cells": lambda: book(
        HEAD + TOP.replace("</row>", '<c t="str"><v>Message</v></c></row>')
        + ("<row>" + cells_of(3) + "</row>") * 90_000 + TAIL, "<sst><si><t>" + "x" * 4000 + "</t></si></sst>"),
    "one_xml_token": lambda: book(HEAD + '<row a="' + "x" * 60_000_000 + '">' + TAIL),
    "one_xml_comment": lambda: book(HEAD + "<!--" + "x" * 60_000_000 + "-->" + TAIL),
    "xml_tokens_of_a_mebibyte": lambda: book(HEAD + ('<row a="' + "x" * 1_000_000 + '"/>') * 60 + TAIL),
    "xml_of_distinct_names": lambda: book(HEAD + distinct(lambda n: f"<e{n:x}/>", 60_000_000) + TAIL),
    "xml_of_distinct_attributes": lambda: book(HEAD + "<r " + distinct(lambda n: f'a{n:x}="" ', 900_000) + "/>" + TAIL),
    "xml_of_empty_cells": lambda: book(HEAD + TOP + "<row>" + "<c/>" * 15_000_000 + "</row>" + TAIL),
    "xml_of_empty_rows": lambda: book(HEAD + TOP + "<row/>" * 10_000_000 + TAIL),
    "shared_texts_without_end": lambda: book(HEAD + TOP + TAIL, "<sst>" + "<si/>" * 12_000_000 + "</sst>"),
    "shared_texts_of_60_mb": lambda: book(HEAD + TOP + TAIL, "<sst>" + ("<si><t>" + "x" * 4000 + "</t></si>") * 14_900
                                          + "</sst>", method=zipfile.ZIP_STORED),
    "gzip_bomb": lambda: gzipped(gzipped(b" " * (1000 * MIB), 9)),
    "gzip_of_64_mib": lambda: gzipped(filled(b"DeviceName,Code\n", b"d,200\n", WHOLE), 1),
    "gzip_stored": lambda: gzipped(filled(b"DeviceName,Code\n", b"d,6100,x\n"[:7] + b"\n", WHOLE - 100_000), 0),
    "gzip_of_many_members": lambda: gzipped(b"") * (WHOLE // len(gzipped(b""))),
    "zip_bomb": lambda: archive([("a.csv", b" " * (1000 * MIB))]),
    "zip_bomb_of_many": lambda: archive([(f"xl/worksheets/sheet{i}.xml", b" " * (60 * MIB)) for i in range(20)]
                                        + [("xl/workbook.xml", b"")]),
    "zip_of_500000_entries": many_entries,
    "million_rows_csv": lambda: ("DeviceName,Code\n" + rows_of("device-%d,6100\n")).encode(),
    "million_rows_json": lambda: ("[" + rows_of('{"deviceName":"d-%d","code":6100},')[:-1] + "]").encode(),
    "million_rows_json_lines": lambda: rows_of('{"deviceName":"d-%d","code":6100}\n').encode(),
    "million_rows_xlsx": lambda: book(
        HEAD + TOP + rows_of('<row><c t="str"><v>d%d</v></c><c><v>9</v></c></row>') + TAIL),
    "blank_lines": lambda: filled(b"DeviceName,Code\n", b"\n"),
    "blank_fields": lambda: filled(b"DeviceName,Code\n", b",\n"),
    "blank_json_rows": lambda: filled(b"[", b"{},", tail=b"{}]"),
    "quotes": lambda: filled(b"DeviceName,Code\n", b'"'),
    "quoted_pairs": lambda: filled(b'DeviceName,Code\n"', b'""', tail=b'",1\n'),
    "marks_at_the_edge": lambda: filled(b"DeviceName,Code\n", "\u3000".encode() + b"\xef\xbb\xbf"),
    "worst_failed_devices": worst_devices,
    "worst_failed_devices_gzip": lambda: gzipped(worst_devices(), 0),
    "worst_failed_devices_utf16": lambda: b"\xff\xfe" + worst_devices().decode()[:WHOLE // 2 - 1].rpartition("\n")[0]
    .encode("utf-16-le"),
    "messages_to_redact": lambda: filled(b"DeviceName,Code,Message\n", b"d,1," + b"https://a:b@c?Signature=%41&" * 24 + b"\n"),
    "utf16": lambda: filled(b"\xff\xfe", "设备名称,结果码\n".encode("utf-16-le")),
    "gb18030": lambda: filled("设备,code\n".encode("gb18030"), "设备,一二三四\n".encode("gb18030")),
    "gb18030_gzip": lambda: gzipped(filled("设备,code\n".encode("gb18030"), "设备,一二三四\n".encode("gb18030"),
                                           40 * MIB), 0),
    "json_string": lambda: filled(b'{"a":"', b"x", tail=b'","data":[{"deviceName":"d","code":200}]}'),
    "json_row": lambda: filled(b'[{"deviceName":"', b"x", tail=b'","code":200}]'),
    "json_nested": lambda: filled(b'[{"a":[', b"[],", tail=b'[]]}]'),
    "json_open": lambda: filled(b"", b'[{"a":'),
    "json_numbers": lambda: filled(b"[", b"1e9,"),
    "noise": lambda: b"\x01" + os.urandom(WHOLE - 1),
}


def measure(name, folder):
    path = os.path.join(folder, name)
    subprocess.run([sys.executable, __file__, "--make", name, path], check=True)
    begin = time.monotonic()
    child = subprocess.Popen([os.environ["RESULT_SIZE"], path], stdout=subprocess.PIPE, text=True)
    said = child.stdout.read().strip()
    _, status, used = os.wait4(child.pid, 0)
    child.stdout.close()
    child.returncode = os.waitstatus_to_exitcode(status)
    size = os.path.getsize(path)
    os.unlink(path)
    cpu = used.ru_utime + used.ru_stime
    print(f"{name}: {size:,} bytes, {used.ru_maxrss / 1024:.0f} MB, {cpu:.2f} s of a core, "
          f"{time.monotonic() - begin:.1f} s: {child.returncode} {said[:150]}", flush=True)
    return child.returncode, used.ru_maxrss / 1024, cpu, size


class ResultSize(unittest.TestCase):
    def test_no_file_takes_more_than_it_may(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in FILES:
                with self.subTest(name):
                    code, memory, cpu, size = measure(name, folder)
                    self.assertEqual(code, 0)
                    self.assertLessEqual(size, WHOLE, "the file itself is too large to be one")
                    self.assertLess(memory, MEMORY_MB)
                    self.assertLess(cpu, SECONDS)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        with open(sys.argv[3], "wb") as file:
            file.write(FILES[sys.argv[2]]())
    elif len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        with tempfile.TemporaryDirectory() as folder:
            for name in sys.argv[1:]:
                measure(name, folder)
    else:
        unittest.main()
