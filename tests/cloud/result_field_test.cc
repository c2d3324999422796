// Result files as found in practice: one file of each kind (tests/data/result_files), and its
// variants.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <sstream>

#include "cloud/result_file.h"
#include "cloud/result_text.h"
#include "simulator/model_result_file.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string file(const std::string& name) {
  std::ifstream in(std::string(TEST_DATA_DIR) + "/result_files/" + name, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  EXPECT_FALSE(bytes.str().empty()) << name;
  return bytes.str();
}
DistributionResult good(std::string_view bytes) {
  DistributionResult result = read_result_file(bytes);
  EXPECT_TRUE(result.understood) << result.problem << "\n" << bytes.substr(0, 300);
  return result;
}
std::string problem(std::string_view bytes) {
  const DistributionResult result = read_result_file(bytes);
  EXPECT_FALSE(result.understood) << bytes.substr(0, 300);
  return result.problem;
}
// Returns the names of the failed devices.
std::vector<std::string> failed(std::string_view bytes) {
  std::vector<std::string> names;
  for (const DeviceResult& device : good(bytes).failed_devices) names.push_back(device.device_name);
  return names;
}

TEST(ResultField, EachFileHoldsOneGoodAndOneBadDevice) {
  const std::map<std::string, const char*> names = {
      {"plain.csv", "pump-2"},
      {"plain.xlsx", "pump-2"},
      {"styled_blank.xlsx", "pump-2"},
      {"short_rows.csv", "pump-2"},
      {"comma_rows.csv", "pump-2"},
      {"gb18030.csv", "pump-2"},
      {"gbk.csv", "pump-2"},
      {"utf16.csv", "pump-2"},
      {"scientific.xlsx", "860000000000002"},
      {"two_sheets.xlsx", "pump-2"},
      {"double_bom.csv", "pump-2"},
      {"unit_separator.csv", "860000000000002"},
      {"sep_line.csv", "pump-2"},
      {"title_row.csv", "pump-2"},
      {"shared_case.xlsx", "pump-2"},
      {"macosx.zip", "pump-2"},
  };
  for (const auto& [name, device] : names) {
    SCOPED_TRACE(name);
    const DistributionResult result = good(file(name));
    EXPECT_EQ(result.ok, 1U);
    EXPECT_EQ(result.failed, 1U);
    EXPECT_EQ(result.unknown, 0U);
    ASSERT_EQ(result.failed_devices.size(), 1U);
    EXPECT_EQ(result.failed_devices[0].device_name, device);
    EXPECT_EQ(result.failed_devices[0].code, "6100");
  }
  EXPECT_THAT(failed(file("text_guard.csv")), ElementsAre("860000000000002", "860000000000003"));
  EXPECT_EQ(good(file("text_guard.csv")).ok, 1U);
  EXPECT_THAT(good(file("gb18030.csv")).failed_devices.at(0).message, HasSubstr("联系人㑇𠮷"));
}

TEST(ResultField, ShortAndLongRows) {
  EXPECT_THAT(failed("device,code,msg,x\na,1\nb,2,m\nc,3,m,x,,,\n"), ElementsAre("a", "b", "c"));
  EXPECT_EQ(problem("device,code\na,1\nb,1,x\n"), "row 3 has text beyond the header's 2 columns");
  EXPECT_EQ(good("device,code\na,200\nb\n").unknown, 1U) << "its code is empty";
  EXPECT_EQ(good("device,code,\na,200,x\n").ok, 1U) << "a column without a name";
}

TEST(ResultField, BlankRecordsAreSkippedInEveryFormat) {
  const std::string blank = "\n , \n\xe3\x80\x80,\xc2\xa0\n,\n";
  EXPECT_EQ(good(blank + "device,code\n" + blank + "a,200\n" + blank).ok, 1U);
  EXPECT_EQ(good(R"([{"deviceName":"","code":" "},{"deviceName":"a","code":200},{}])").ok, 1U);
  EXPECT_EQ(good("{\"device\":\"a\",\"code\":200}\n{\"device\":null,\"code\":\"\"}\n").ok, 1U);
  EXPECT_EQ(problem("device,code,msg\na,200,\n,,note\n"), "row 3 has no device");
  EXPECT_EQ(problem(R"([{"device":"a","code":200},{"device":"","code":200}])"),
            "row 2 has no device");
  EXPECT_EQ(problem(R"([{"device":"a","code":200},{"note":{}}])"), "row 2 has no device");
  EXPECT_EQ(problem("device,code\n,\n,\n"), "the file lists no device");
}

TEST(ResultField, TextsWithoutAConverter) {
  std::string kept;
  const auto none = result_text(file("gbk.csv"), 1 << 20, kept, "NO-SUCH-CHARSET");
  const auto* const refused = std::get_if<TextProblem>(&none);
  ASSERT_NE(refused, nullptr);
  EXPECT_THAT(refused->words, HasSubstr("the converter for NO-SUCH-CHARSET (GBK) is missing"));
  EXPECT_THAT(refused->words, HasSubstr("package libc6"));
  const auto wide = result_text(file("utf16.csv"), 1 << 20, kept, "NO-SUCH-CHARSET");
  ASSERT_TRUE(std::holds_alternative<std::string_view>(wide));
  EXPECT_TRUE(std::get<std::string_view>(wide).starts_with("设备名称,"));
  // A character beyond the basic multilingual plane, and incomplete surrogate pairs.
  const std::string pair("\xff\xfe\x3d\xd8\x00\xde", 6);
  EXPECT_EQ(std::get<std::string_view>(result_text(pair, 99, kept)), "\U0001F600");
  for (const std::string_view half :
       {std::string_view("\xff\xfe\x3d\xd8", 4), std::string_view("\xff\xfe\x00\xde\x3d\xd8", 6),
        std::string_view("\xff\xfe\x3d\xd8\x41\x00", 6)}) {
    EXPECT_TRUE(std::holds_alternative<TextProblem>(result_text(half, 99, kept)));
  }
  // Text beyond the limit is not converted.
  EXPECT_TRUE(std::holds_alternative<TextProblem>(result_text(file("utf16.csv"), 20, kept)));
  EXPECT_TRUE(std::holds_alternative<TextProblem>(result_text(file("gbk.csv"), 20, kept)));
}

TEST(ResultField, MarksAtTheEdgesDoNotCount) {
  for (const std::string_view mark : {"\xef\xbb\xbf", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x8b",
                                      "\xe2\x80\x8e", "\xe2\x81\xa0", "\x1f", "\x1e\x01", "\x7f"}) {
    const std::string m(mark);
    EXPECT_THAT(failed(m + "device" + m + "," + m + "code\n" + m + "a" + m + "," + m + "1\n"),
                ElementsAre("a"));
    EXPECT_THAT(failed(m + m + "\"device\"" + m + "," + m + "\"code\"\n\"" + m + "a\"," + m +
                       "\"1" + m + "\"\n"),
                ElementsAre("a"));
  }
  EXPECT_THAT(failed("[{\"device\":\"\\u001f\\ufeffa\",\"code\":\" 1\\u3000\"}]"),
              ElementsAre("a"));
  EXPECT_THAT(problem("device,code\na\x1f"
                      "b,1\n"),
              "row 2 has a control character inside a field");
}

TEST(ResultField, TheSeparatorCanBeNamed) {
  EXPECT_THAT(failed("sep=;\ndevice;code;msg\na;1;x,y\n"), ElementsAre("a"));
  EXPECT_THAT(failed("\xef\xbb\xbf\"sep=|\"\r\ndevice|code\r\na|1\r\n"), ElementsAre("a"));
  EXPECT_THAT(failed("SEP=\t\ndevice\tcode\na\t1\n"), ElementsAre("a"));
  EXPECT_THAT(failed("sep=^\rdevice^code\ra^1\r"), ElementsAre("a"));
  EXPECT_THAT(problem("sep=;\ndevice,code\na,1\n"), HasSubstr("no line has a device"));
  EXPECT_EQ(problem("sep=,\ndevice,code\na,1,x\n"), "row 3 has text beyond the header's 2 columns");
}

TEST(ResultField, TheHeaderIsAmongTheFirstFiveRecords) {
  const std::string table = "device,code\na,1\n";
  EXPECT_THAT(failed("result of\n\n2026-01-01,,,\n" + table), ElementsAre("a"));
  EXPECT_THAT(failed("1\n2\n3\n4\n" + table), ElementsAre("a"));
  EXPECT_THAT(problem("1\n2\n3\n4\n5\n" + table), HasSubstr("the first is \"1\""));
  EXPECT_EQ(problem("t\n" + table + ",x\n"), "row 4 has no device");
  // The separator of the first header counts. A line that is a header with either separator is
  // ambiguous.
  EXPECT_THAT(failed("device;code\na;1\n\"device,code\";2\n"), ElementsAre("a", "device,code"));
  EXPECT_THAT(problem("device,code;code\na,1;1\n"), HasSubstr("no line has"));
}

TEST(ResultField, GuardsAgainstRoundingAreTakenOff) {
  EXPECT_THAT(failed("=\"device\",'code\n'86,=\"1\"\n=\"87\",'1\n\"=\"\"88\"\"\",1\n"),
              ElementsAre("86", "87", "88"));
  EXPECT_EQ(good("device,code\na,'200\nb,=\"200\"\n").ok, 2U);
  EXPECT_THAT(failed(R"([{"device":"'89","code":1},{"device":"=\"90\"","code":1}])"),
              ElementsAre("89", "90"));
  EXPECT_EQ(good("device,code,msg\na,1,'tis\n").failed_devices.at(0).message, "'tis");
}

std::string sheet(const std::string& rows) {
  return "<worksheet><sheetData>" + rows + "</sheetData></worksheet>";
}
std::string row(const std::vector<std::string>& cells) {
  std::string text = "<row>";
  for (const std::string& cell : cells) {
    const bool is_number = cell.starts_with('#');
    text += is_number ? "<c><v>" + cell.substr(1) + "</v></c>"
                      : "<c t=\"inlineStr\"><is><t>" + cell + "</t></is></c>";
  }
  return text + "</row>";
}
std::string book(const std::vector<std::string>& sheets) {
  std::vector<iotsim::ZipEntry> entries = {{"xl/workbook.xml", "<w/>"}};
  for (std::size_t i = 0; i < sheets.size(); ++i) {
    entries.push_back({"xl/worksheets/sheet" + std::to_string(i + 1) + ".xml", sheet(sheets[i])});
  }
  return iotsim::write_zip(entries);
}
const std::string kHead = row({"device", "code"});

TEST(ResultField, NumbersOfSpreadsheetsArePlain) {
  const auto device = [](const std::string& number) {
    return failed(book({kHead + row({number, "1"})})).at(0);
  };
  EXPECT_EQ(device("#8.60000000000002E14"), "860000000000002");
  EXPECT_EQ(device("#8.6E+14"), "860000000000000");
  EXPECT_EQ(device("#12.0"), "12");
  EXPECT_EQ(device("#9007199254740991"), "9007199254740991");
  EXPECT_EQ(device("#9.1E18"), "9.1E18") << "not exact: as it stands there";
  EXPECT_EQ(device("#89860000000000000001"), "89860000000000000001");
  EXPECT_EQ(device("#1.5"), "1.5");
  EXPECT_EQ(device("1E5"), "1E5") << "a text is a name";
  EXPECT_EQ(failed("device,code\n1E5,1\n").at(0), "1E5");
  EXPECT_THAT(failed(R"([{"device":8.60000000000002E14,"code":6100.0}])"),
              ElementsAre("860000000000002"));
}

TEST(ResultField, AllSheetsWithTheSameHeaderCount) {
  const std::string one = kHead + row({"a", "1"}), two = kHead + row({"b", "1"});
  EXPECT_THAT(failed(book({one, row({"note"}), two})), ElementsAre("a", "b"));
  EXPECT_THAT(failed(book({row({"title"}) + one, two})), ElementsAre("a", "b"));
  EXPECT_THAT(failed(book({one, kHead})), ElementsAre("a"));
  EXPECT_THAT(problem(book({one, row({"device", "code", "msg"}) + row({"b", "1", "x"})})),
              HasSubstr("under different headers"));
  EXPECT_THAT(failed(book({one + "<row><c r=\"A3\" s=\"1\"/><c r=\"XFD3\"/></row>"})),
              ElementsAre("a"));
  EXPECT_EQ(problem(book({one + row({"b", "1", "x"})})),
            "row 3 has text beyond the header's 2 columns");
}

TEST(ResultField, PartsOfASpreadsheetAreFoundByTheirRelationships) {
  const auto links = [](const std::string& kind, const std::string& target) {
    return "<Relationship Id=\"i\" Type=\"http://schemas.example/" + kind + "\" Target=\"" +
           target + "\"/>";
  };
  const auto book = [&](const std::string& sheet_target, const std::string& text_target) {
    return iotsim::write_zip(
        {{"[Content_Types].xml", "<Types/>"},
         {"_rels/.rels", "<R>" + links("officeDocument", "/Book/Main.xml") + "</R>"},
         {"book\\main.xml", "<w/>"},
         {"Book/_rels/main.xml.RELS",
          "<R>" + links("worksheet", sheet_target) + links("sharedStrings", text_target) + "</R>"},
         {"book/Data/First One.xml",
          sheet(kHead + "<row><c t=\"s\"><v>0</v></c><c><v>1</v></c></row>")},
         {"texts.xml", "<sst><si><t>a</t></si></sst>"}});
  };
  EXPECT_THAT(failed(book("data/first%20one.xml", "../texts.xml")), ElementsAre("a"));
  EXPECT_THAT(failed(book("\\book\\data\\First One.xml", "/TEXTS.xml")), ElementsAre("a"));
  EXPECT_THAT(failed(book("./Data/../data/First One.xml", "/TEXTS.xml")), ElementsAre("a"));
  EXPECT_THAT(problem(book("nowhere.xml", "../texts.xml")), HasSubstr("no sheet has a device"));
}

TEST(ResultField, DataThatIsNotCompressedDoesNotCount) {
  const std::string csv = "device,code\na,1\n";
  EXPECT_THAT(failed(iotsim::write_zip({{"x/r.csv", csv},
                                        {"__MACOSX/x/._r.csv", "?"},
                                        {"x/.DS_Store", "?"},
                                        {".hidden/r.csv", csv}})),
              ElementsAre("a"));
  EXPECT_EQ(problem(iotsim::write_zip({{".DS_Store", "?"}})),
            "the zip must contain exactly one file, not 0");
}

}  // namespace
}  // namespace taskwatchd
