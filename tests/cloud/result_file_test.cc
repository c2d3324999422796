// Result files of every format: valid ones, and those that must be rejected.
#include "cloud/result_file.h"

#include <gmock/gmock.h>

#include <random>

#include "simulator/model_result_file.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

const std::vector<iotsim::DistributionRow> kRows = {{"a1pk", "dev-1", "200", "success"},
                                                    {"a1pk", "dev-2", "6100", "says \"no\", twice"},
                                                    {"a1pk", "dev-3", "200", ""},
                                                    {"a1pk", "dev-4", "", ""},
                                                    {"a1pk", "dev:5@x", "6100", "<gone> & lost"},
                                                    {"a1pk", "dev-6", "500", "x"}};

DistributionResult read(std::string_view bytes) {
  return read_result_file(bytes);
}
std::string problem(std::string_view bytes, const ResultLimits& limits = {}) {
  const DistributionResult result = read_result_file(bytes, limits);
  EXPECT_FALSE(result.understood) << bytes.substr(0, 200);
  EXPECT_EQ(result.ok + result.failed + result.unknown, 0U);
  EXPECT_TRUE(result.codes.empty());
  EXPECT_TRUE(result.failed_devices.empty());
  EXPECT_EQ(result.bytes, bytes.size());
  return result.problem;
}
std::string file_in(std::string_view format) {
  return iotsim::write_result_file(kRows, format);
}
std::string zip(std::vector<iotsim::ZipEntry> entries) {
  return iotsim::write_zip(entries);
}

struct Format {
  const char* name;
  ResultFormat format;
};
constexpr Format kFormats[] = {
    {"json", ResultFormat::kJsonArray}, {"json_lines", ResultFormat::kJsonLines},
    {"csv", ResultFormat::kCsv},        {"csv_bom", ResultFormat::kCsv},
    {"csv_gbk", ResultFormat::kCsv},    {"xlsx", ResultFormat::kXlsx},
    {"csv_gzip", ResultFormat::kCsv},   {"csv_zip", ResultFormat::kCsv},
};

TEST(ResultFile, EachFormatHasTheSameContent) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const std::string bytes = file_in(format.name);
    const DistributionResult result = read(bytes);
    EXPECT_TRUE(result.understood) << result.problem;
    EXPECT_EQ(result.problem, "");
    EXPECT_EQ(result.format, format.format);
    EXPECT_EQ(result.bytes, bytes.size());
    EXPECT_EQ(result.ok, 2U);
    EXPECT_EQ(result.failed, 3U);
    EXPECT_EQ(result.unknown, 1U);
    EXPECT_THAT(result.codes, ElementsAre(Pair("200", 2U), Pair("500", 1U), Pair("6100", 2U)));
    EXPECT_THAT(result.failed_devices,
                ElementsAre(DeviceResult{"a1pk", "dev-2", "6100", "says \"no\", twice"},
                            DeviceResult{"a1pk", "dev:5@x", "6100", "<gone> & lost"},
                            DeviceResult{"a1pk", "dev-6", "500", "x"}));
  }
}

TEST(ResultFile, AnUnknownFormatIsReported) {
  EXPECT_THAT(problem(file_in("unknown")), HasSubstr("neither compressed nor readable text"));
  EXPECT_EQ(read(file_in("unknown")).format, ResultFormat::kUnknown);
  EXPECT_EQ(problem(""), "the file is empty");
  EXPECT_EQ(problem(" \n\n"), "the file is empty");
  EXPECT_EQ(problem("<!DOCTYPE html><html></html>"), "it is a web page or XML");
  EXPECT_EQ(problem("\n<Error><Code>AccessDenied</Code></Error>"), "it is a web page or XML");
}

TEST(ResultFile, ColumnsAreFoundByTheirNames) {
  for (const char* header :
       {"DeviceName,Code", "device_name,result_code", "Device Name,RESULT CODE",
        "deviceName,resultCode", "设备名称,结果码", "设备,状态码", " device , code ",
        "\"DeviceName\",\"Code\"", "DEVICE-NAME,StatusCode"}) {
    SCOPED_TRACE(header);
    const DistributionResult result = read(std::string(header) + "\nd,6100\n");
    EXPECT_TRUE(result.understood) << result.problem;
    EXPECT_THAT(result.failed_devices, ElementsAre(DeviceResult{"", "d", "6100", ""}));
  }
  for (const char* header : {"Name,Code", "DeviceName,Status", "DeviceName,Result", "d,200",
                             "DeviceNames,Code", "Device.Name,Code"}) {
    SCOPED_TRACE(header);
    EXPECT_THAT(problem(std::string(header) + "\nd,200\n"),
                HasSubstr("no line has a device and a code with one separator; the first is \""));
  }
  // A header quoted in a message is escaped and truncated.
  EXPECT_THAT(problem("a\x1b[31m,b\nx,y\n"), Not(HasSubstr("\x1b")));
  EXPECT_LT(problem(std::string(5000, 'x') + ",b\n").size(), 500U);
}

TEST(ResultFile, CandidatesMustAgree) {
  EXPECT_TRUE(read("DeviceName,Code,ResultCode\nd,200,200\ne,,200\n").understood);
  EXPECT_EQ(problem("DeviceName,Code,ResultCode\nd,200,6100\n"), "row 2 has two different codes");
  EXPECT_EQ(problem(R"([{"deviceName":"a","device_name":"b","code":200}])"),
            "row 1 has two different device names");
  EXPECT_EQ(problem(R"([{"deviceName":"a","code":200,"code":500}])"),
            "row 1 has two different codes");
  EXPECT_EQ(problem("ProductKey,product,DeviceName,Code\na,b,d,200\n"),
            "row 2 has two different product keys");
}

TEST(ResultFile, CodesAreReadNotGuessed) {
  const DistributionResult result =
      read(R"([{"deviceName":"a","code":200},{"deviceName":"b","code":"200"},)"
           R"({"deviceName":"c","code":200.0},{"deviceName":"d","code":" 200 "},)"
           R"({"deviceName":"e","code":null},{"deviceName":"f"},{"deviceName":"g","code":{"x":1}},)"
           R"({"deviceName":"h","code":true},{"deviceName":"i","code":"success"},)"
           R"({"deviceName":"j","code":"02\u000000"},{"deviceName":"k","code":-1},)"
           R"({"deviceName":"l","code":2000},{"deviceName":"m","code":"200.00"}])");
  EXPECT_TRUE(result.understood) << result.problem;
  EXPECT_EQ(result.ok, 5U);
  EXPECT_EQ(result.unknown, 4U);
  EXPECT_THAT(result.codes, ElementsAre(Pair("-1", 1U), Pair("200", 5U), Pair("2000", 1U),
                                        Pair("success", 1U), Pair("true", 1U)));
  const std::string long_code(100, '7');
  EXPECT_EQ(read("device,code\nd," + long_code + "\n").unknown, 1U);
}

TEST(ResultFile, CodesAreBounded) {
  std::string csv = "device,code\nok,200\n";
  for (int i = 0; i < 500; ++i) csv += "d" + std::to_string(i) + ",c" + std::to_string(i) + '\n';
  const DistributionResult result = read(csv);
  EXPECT_EQ(result.failed, 500U);
  EXPECT_EQ(result.failed_devices.size(), 500U);
  EXPECT_EQ(result.codes.size(), kMaxCodes);
  EXPECT_EQ(result.codes.at("other"), 500U - (kMaxCodes - 2));
}

TEST(ResultCsv, QuotesLineEndsAndSeparators) {
  EXPECT_EQ(read("device;code\r\n\"a;b\";6100\r\n").failed_devices.at(0).device_name, "a;b");
  EXPECT_EQ(read("device\tcode\nx\t200").ok, 1U);
  EXPECT_EQ(read("device,code\rx,200\ry,200\r").ok, 2U);
  EXPECT_EQ(read("device,code\n\n \nx,200\n\n").ok, 1U);
  EXPECT_EQ(read("device,code,msg\nx,1,\"two\nlines\"\n").failed_devices.at(0).message,
            "two\nlines");
  EXPECT_EQ(problem("device,code\nx,\"200\n"), "row 2 has an invalid quote");
  EXPECT_EQ(problem("device,code\nx,\"2\"00\n"), "row 2 has an invalid quote");
  EXPECT_EQ(problem("device,code\n,200\n"), "row 2 has no device");
  EXPECT_EQ(problem("device,code\n"), "the file lists no device");
}

TEST(ResultCsv, Encodings) {
  std::string little = "\xff\xfe", big = "\xfe\xff";
  for (const char c : std::string("device,code\nx,200\n")) {
    little += {c, '\0'};
    big += {'\0', c};
  }
  EXPECT_EQ(read(little).ok, 1U);
  EXPECT_EQ(read(big).ok, 1U);
  EXPECT_THAT(problem(little.substr(0, little.size() - 1)), HasSubstr("readable text"));
  // The Chinese word for "quota" in GBK, with an ASCII header.
  EXPECT_EQ(read("device,code,msg\nx,1,\xc5\xe4\xb6\xee\n").failed_devices.at(0).message, "配额");
  EXPECT_THAT(problem("device,code\nx,200\n\xff\xff\n"), HasSubstr("readable text"));
  EXPECT_THAT(problem(std::string("device,code\nx\0,200\n", 19)), HasSubstr("readable text"));
}

TEST(ResultJson, ListsAndLines) {
  const std::string row = R"({"deviceName":"x","code":200})";
  EXPECT_EQ(read("  [ " + row + " , " + row + " ] \n").ok, 2U);
  EXPECT_EQ(read(R"({"RequestId":"a","data":[)" + row + "]}").ok, 1U);
  EXPECT_EQ(read(R"({"data":{"items":[)" + row + R"(],"total":1},"note":"a ] \" ["})").ok, 1U);
  EXPECT_EQ(read(row).format, ResultFormat::kJsonLines);
  EXPECT_EQ(read(row + "\r\n\r\n" + row).ok, 2U);
  EXPECT_EQ(read(R"([{"deviceName":"a]}\"","code":1}])").failed_devices.at(0).device_name, "a]}\"");
  for (const char* bad :
       {"[", "[]", "{}", "[1]", "[[]]", "{\"a\":[],\"b\":[]}", "[{\"deviceName\":\"x\"}]",
        "[{\"code\":200}]", "[{\"deviceName\":\"x\",\"code\":200},]",
        "[{\"deviceName\":\"x\",\"code\":200} {}]", "[{\"deviceName\":\"x\",\"code\":200}]]",
        "[{\"deviceName\":\"x\",\"code\":200}", "[{\"deviceName\":\"x\",\"code\":20",
        "{\"data\":[{\"deviceName\":\"x\",\"code\":200}]", "[{\"deviceName\":\"x\",\"code\":0200}]",
        "{\"deviceName\":\"x\",\"code\":200}\n{\"deviceName\"", "{\"deviceName\":\"x\"}",
        "{\"deviceName\":\"x\",\"code\":200}\n[]"}) {
    EXPECT_NE(problem(bad), "") << bad;
  }
  EXPECT_NE(problem(std::string(100'000, '[')), "");
  EXPECT_NE(problem("[" + std::string(100'000, '{')), "");
  std::string deep = row;
  for (int i = 0; i < 20; ++i) deep = "{\"a\":" + deep + '}';
  EXPECT_NE(problem('[' + deep + ']'), "");
}

std::string sheet(const std::string& rows) {
  return "<?xml version=\"1.0\"?><x:worksheet xmlns:x=\"s\"><x:sheetData>" + rows +
         "</x:sheetData></x:worksheet>";
}
const std::string kHead =
    "<row><c t=\"inlineStr\"><is><t>Device</t><rPh><t>say</t></rPh></is></c>"
    "<c t=\"str\"><v>Code</v></c></row>";

TEST(ResultXlsx, SheetsAndCells) {
  const auto book = [](const std::string& rows) {
    return zip({{"xl/workbook.xml", "<w/>"}, {"xl/worksheets/sheet1.xml", sheet(rows)}});
  };
  const std::string row =
      "<row><c t=\"inlineStr\"><is><r><t>d-</t></r><r><t>1</t></r></is></c><c><v>200</v></c></row>";
  EXPECT_EQ(read(book(kHead + row)).ok, 1U) << read(book(kHead + row)).problem;
  EXPECT_EQ(read(book(kHead + "<row r=\"9\"><c r=\"A9\" t=\"str\"><v>x</v></c></row>")).unknown,
            1U);
  EXPECT_EQ(problem(book(kHead + "<row><c r=\"ZZ1\"><v>1</v></c></row>")),
            "row 2 has more than 64 columns");
  EXPECT_EQ(problem(book(kHead + "<row><c r=\"C1\"><v>1</v></c></row>")),
            "row 2 has text beyond the header's 2 columns");
  EXPECT_EQ(problem(book(kHead + "<row><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>")),
            "row 2 is out of order");
  EXPECT_EQ(problem(book(kHead + "<row><c t=\"s\"><v>3</v></c></row>")),
            "row 2 refers to a text that does not exist");
  EXPECT_EQ(problem(book(kHead + row + "<row>")), "a sheet is not valid XML");
  EXPECT_THAT(problem(book(row)), HasSubstr("no sheet has a device and a code"));
  EXPECT_EQ(read(zip({{"xl/workbook.xml", ""},
                      {"xl/worksheets/sheet1.xml", sheet("")},
                      {"xl/worksheets/sheet2.xml", sheet(kHead + row)}}))
                .ok,
            1U);
}

TEST(ResultXlsx, EntitiesAreRefused) {
  const std::string lol =
      "<?xml version=\"1.0\"?><!DOCTYPE w [<!ENTITY a \"200\"><!ENTITY b \"&a;&a;&a;\">]>"
      "<worksheet><sheetData>" +
      kHead + "<row><c t=\"str\"><v>x</v></c><c><v>&b;</v></c></row></sheetData></worksheet>";
  EXPECT_NE(problem(zip({{"xl/workbook.xml", ""}, {"xl/worksheets/sheet1.xml", lol}})), "");
  EXPECT_THAT(problem(zip({{"xl/workbook.xml", ""},
                           {"xl/sharedStrings.xml", "<!DOCTYPE a><sst/>"},
                           {"xl/worksheets/sheet1.xml", sheet(kHead)}})),
              HasSubstr("texts are not valid XML"));
}

TEST(ResultPacked, NestingAndOddArchives) {
  const std::string csv = "device,code\nx,200\n";
  using iotsim::write_gzip;
  EXPECT_EQ(read(write_gzip(csv) + write_gzip("y,200\n")).ok, 2U);
  EXPECT_EQ(read(write_gzip(write_gzip(csv))).ok, 1U);
  EXPECT_EQ(read(zip({{"a/", ""}, {"a/b.csv.gz", write_gzip(csv)}})).ok, 1U);
  EXPECT_EQ(problem(write_gzip(write_gzip(write_gzip(csv)))), "compressed more than twice");
  EXPECT_EQ(problem(zip({{"a.csv", csv}, {"b.csv", csv}})),
            "the zip must contain exactly one file, not 2");
  EXPECT_EQ(problem(zip({})), "the zip must contain exactly one file, not 0");
  EXPECT_EQ(problem(write_gzip(csv) + "x"), "the gzip file is truncated");
  EXPECT_EQ(problem(write_gzip(csv).substr(0, 20)), "the gzip file is truncated");
  EXPECT_EQ(problem(std::string("PK\x03\x04 and nothing more", 22)), "corrupt zip file");
  std::string broken = zip({{"a.csv", csv}});
  broken[36] = static_cast<char>(broken[36] ^ 0x10);
  EXPECT_NE(problem(broken), "");
  std::vector<iotsim::ZipEntry> many;
  for (int i = 0; i < 65; ++i) many.push_back({std::to_string(i), ""});
  EXPECT_EQ(problem(zip(many)), "the zip has more than 64 entries");
  // The end record alone is enough to reject the file, before memory for the entries is allocated.
  std::string lying = zip({{"a.csv", csv}});
  lying.replace(lying.size() - 14, 4, "\xfe\xff\xfe\xff");
  EXPECT_EQ(problem(lying), "the zip has more than 64 entries");
}

TEST(ResultPacked, BombsStopAtTheLimit) {
  // 65 MiB of blanks: about 66 kB compressed once, 0.2 kB compressed twice.
  const std::string blanks(65U << 20U, ' ');
  const std::string bomb = iotsim::write_gzip(blanks);
  EXPECT_LT(bomb.size(), 100'000U);
  EXPECT_EQ(problem(bomb), "it decompresses to more than the limit for files");
  EXPECT_EQ(problem(iotsim::write_gzip(bomb)), "it decompresses to more than the limit for files");
  EXPECT_EQ(problem(zip({{"a.csv", blanks}})), "it decompresses to more than the limit for files");
  EXPECT_EQ(problem(blanks), "the file is larger than the limit");
}

TEST(ResultPacked, AllPartsOfASpreadsheetShareTheLimit) {
  ResultLimits limits;
  limits.expanded_bytes = 1U << 20U;
  const std::string half(600'000, ' ');
  EXPECT_EQ(problem(zip({{"xl/workbook.xml", ""},
                         {"xl/sharedStrings.xml", "<sst>" + half + "</sst>"},
                         {"xl/worksheets/sheet1.xml", sheet(kHead + half)}}),
                    limits),
            "it decompresses to more than the limit for files");
  // One text of 4 kB that 300 rows refer to: 1.2 MB of text.
  std::string rows =
      "<row><c t=\"inlineStr\"><is><t>Device</t></is></c><c t=\"str\"><v>Code</v></c>"
      "<c t=\"str\"><v>Message</v></c></row>";
  for (int i = 0; i < 300; ++i) {
    rows += "<row><c t=\"str\"><v>d</v></c><c><v>1</v></c><c t=\"s\"><v>0</v></c></row>";
  }
  EXPECT_EQ(problem(zip({{"xl/workbook.xml", ""},
                         {"xl/sharedStrings.xml",
                          "<sst><si><t>" + std::string(4000, 'x') + "</t></si></sst>"},
                         {"xl/worksheets/sheet1.xml", sheet(rows)}}),
                    limits),
            "the file's rows have more than 1048576 bytes");
}

TEST(ResultFile, LimitsHold) {
  ResultLimits limits;
  limits.rows = 3;
  EXPECT_EQ(problem("device,code\na,1\nb,1\nc,1\nd,1\n", limits), "the file has more than 3 rows");
  limits = {};
  limits.columns = 3;
  EXPECT_THAT(problem("device,code,a,b\na,1,1,1\n", limits),
              HasSubstr("row 1 has more than 3 columns"));
  EXPECT_EQ(problem("device,code\na,1,,\n", limits), "row 2 has more than 3 columns");
  EXPECT_EQ(problem(R"([{"device":"a","code":1,"x":1,"y":2}])", limits),
            "row 1 has more than 3 columns");
  EXPECT_EQ(problem("device,code,msg\na,1," + std::string(5000, 'x') + "\n"),
            "row 2 has a field of more than 4096 bytes");
  EXPECT_EQ(problem(R"([{"device":"a","code":1,"x":")" + std::string(5000, 'x') + "\"}]"),
            "row 1 has a field of more than 4096 bytes");
}

TEST(ResultFile, MessagesAreCleaned) {
  const DistributionResult result =
      read("device,code,msg\nx,1,see https://a.example/f?Signature=canary\ny,1," +
           std::string(1000, 'm') + "\n");
  EXPECT_THAT(result.failed_devices.at(0).message, Not(HasSubstr("canary")));
  EXPECT_LT(result.failed_devices.at(1).message.size(), 300U);
}

// A file cut at any position gives only rows of the complete file, or is rejected.
TEST(ResultFile, CutAnywhereInventsNothing) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const std::string bytes = file_in(format.name);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const DistributionResult result = read(std::string_view(bytes).substr(0, size));
      if (!result.understood) continue;
      // Only formats without an end mark can look complete. The last code or text may be shorter.
      EXPECT_TRUE(result.format == ResultFormat::kCsv || result.format == ResultFormat::kJsonLines)
          << size;
      EXPECT_LE(result.ok + result.failed + result.unknown, kRows.size());
      for (const DeviceResult& device : result.failed_devices) {
        EXPECT_THAT(bytes, HasSubstr(device.device_name));
      }
    }
  }
}

TEST(ResultFile, AnyByteChangedIsReadOrNot) {
  std::mt19937 random(7);
  for (const Format& format : kFormats) {
    const std::string bytes = file_in(format.name);
    for (int i = 0; i < 3000; ++i) {
      std::string changed = bytes;
      for (auto n = 1 + random() % 3; n > 0; --n) {
        changed[random() % changed.size()] = static_cast<char>(random());
      }
      const DistributionResult result = read(changed);
      EXPECT_EQ(result.understood, result.problem.empty());
      EXPECT_EQ(result.failed, result.failed_devices.size());
    }
  }
}

}  // namespace
}  // namespace taskwatchd
