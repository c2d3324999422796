#include "simulator/model_result_file.h"

#include <iconv.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "simulator/model_random.h"
#include "simulator/model_reply.h"

namespace iotsim {
namespace {

std::string csv_field(const std::string& text) {
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string csv(const std::vector<DistributionRow>& rows, const std::string& header) {
  std::string out = header + "\r\n";
  for (const DistributionRow& row : rows) {
    out += csv_field(row.product_key) + ',' + csv_field(row.device) + ',' + csv_field(row.code) +
           ',' + csv_field(row.message) + "\r\n";
  }
  return out;
}

std::string to_gbk(std::string text) {
  const iconv_t converter = ::iconv_open("GBK", "UTF-8");
  if (converter == reinterpret_cast<iconv_t>(-1)) throw std::runtime_error("iconv has no GBK");
  std::string out(2 * text.size() + 4, '\0');
  char* in = text.data();
  char* to = out.data();
  std::size_t in_left = text.size(), out_left = out.size();
  const std::size_t bad = ::iconv(converter, &in, &in_left, &to, &out_left);
  ::iconv_close(converter);
  if (bad == static_cast<std::size_t>(-1)) throw std::runtime_error("text that GBK cannot write");
  out.resize(out.size() - out_left);
  return out;
}

bool is_whole_number(const std::string& text) {
  return !text.empty() && text.size() <= 9 && text[0] != '0' &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

Value code_value(const std::string& code) {
  return is_whole_number(code) ? literal(code) : text_value(code);
}

std::string json(const std::vector<DistributionRow>& rows) {
  std::vector<Value> items;
  for (const DistributionRow& row : rows) {
    items.push_back(object({{"productKey", text_value(row.product_key)},
                            {"deviceName", text_value(row.device)},
                            {"code", code_value(row.code)},
                            {"message", text_value(row.message)}}));
  }
  return to_json(array(std::move(items)));
}

std::string json_lines(const std::vector<DistributionRow>& rows) {
  std::string out;
  for (const DistributionRow& row : rows) {
    out += to_json(object({{"ProductKey", text_value(row.product_key)},
                           {"DeviceName", text_value(row.device)},
                           {"Code", text_value(row.code)},
                           {"Message", text_value(row.message)}}));
    out += '\n';
  }
  return out;
}

std::string xml_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

constexpr const char* kXml = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

// As spreadsheet programs write it: texts in a shared table, numbers in the cells.
std::string xlsx(const std::vector<DistributionRow>& rows) {
  const std::string spreadsheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const std::string office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const std::string package = "http://schemas.openxmlformats.org/package/2006/";
  std::map<std::string, std::size_t> numbers;
  std::string texts, sheet;
  std::size_t row_number = 0;
  const auto add_row = [&](const std::vector<std::string>& cells) {
    sheet += "<row r=\"" + std::to_string(++row_number) + "\">";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string place = static_cast<char>('A' + i) + std::to_string(row_number);
      if (is_whole_number(cells[i])) {
        sheet += "<c r=\"" + place + "\"><v>" + cells[i] + "</v></c>";
        continue;
      }
      if (cells[i].empty()) continue;  // empty cells are left out
      const auto [at, is_new] = numbers.emplace(cells[i], numbers.size());
      if (is_new) texts += "<si><t xml:space=\"preserve\">" + xml_text(cells[i]) + "</t></si>";
      sheet += "<c r=\"" + place + "\" t=\"s\"><v>" + std::to_string(at->second) + "</v></c>";
    }
    sheet += "</row>";
  };
  add_row({"ProductKey", "DeviceName", "Code", "Message"});
  for (const DistributionRow& row : rows) {
    add_row({row.product_key, row.device, row.code, row.message});
  }
  const std::string types = package + "content-types";
  const std::string part = "application/vnd.openxmlformats-officedocument.spreadsheetml.";
  return write_zip({
      {"[Content_Types].xml",
       kXml + ("<Types xmlns=\"" + types + "\"><Default Extension=\"rels\" ContentType=\"" +
               "application/vnd.openxmlformats-package.relationships+xml\"/>" +
               "<Default Extension=\"xml\" ContentType=\"application/xml\"/>" +
               "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" + part +
               "sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" +
               part + "worksheet+xml\"/></Types>")},
      {"_rels/.rels", kXml + ("<Relationships xmlns=\"" + package +
                              "relationships\"><Relationship Id=\"rId1\" Type=\"" + office +
                              "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>")},
      {"xl/workbook.xml",
       kXml + ("<workbook xmlns=\"" + spreadsheet + "\" xmlns:r=\"" + office +
               "\"><sheets><sheet name=\"result\" sheetId=\"1\" r:id=\"rId1\"/></sheets>" +
               "</workbook>")},
      {"xl/_rels/workbook.xml.rels",
       kXml + ("<Relationships xmlns=\"" + package + "relationships\"><Relationship Id=\"rId1\" " +
               "Type=\"" + office + "/worksheet\" Target=\"worksheets/sheet1.xml\"/>" +
               "<Relationship Id=\"rId2\" Type=\"" + office +
               "/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>")},
      {"xl/worksheets/sheet1.xml", kXml + ("<worksheet xmlns=\"" + spreadsheet + "\"><sheetData>" +
                                           sheet + "</sheetData></worksheet>")},
      {"xl/sharedStrings.xml", kXml + ("<sst xmlns=\"" + spreadsheet + "\">" + texts + "</sst>")},
  });
}

// Returns bytes of no format: neither text nor a magic number.
std::string noise(std::size_t bytes) {
  Random random(bytes);
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(random.below(256));
  if (!out.empty()) out[0] = '\x01';
  return out;
}

constexpr const char* kHeader = "ProductKey,DeviceName,Code,Message";

}  // namespace

bool is_result_format(std::string_view name) {
  std::string_view words = kResultFormats;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find('|'));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    if (word == name) return true;
  }
  return false;
}

std::string write_result_file(const std::vector<DistributionRow>& rows, std::string_view format) {
  if (format == "json") return json(rows);
  if (format == "json_lines") return json_lines(rows);
  if (format == "csv_bom") return "\xef\xbb\xbf" + csv(rows, kHeader);
  if (format == "csv_gbk") return to_gbk(csv(rows, "产品,设备名称,结果码,描述"));
  if (format == "xlsx") return xlsx(rows);
  if (format == "csv_gzip") return write_gzip(csv(rows, kHeader));
  if (format == "csv_zip") return write_zip({{"result.csv", csv(rows, kHeader)}});
  if (format == "unknown") return noise(512 + 16 * rows.size());
  return csv(rows, kHeader);
}

}  // namespace iotsim
