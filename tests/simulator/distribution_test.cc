// Distributions, the links to their result files and the files' bytes.
#include "simulator/model_distribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "simulator/client_config.h"
#include "simulator/job_fixture.h"
#include "simulator/model_control.h"
#include "simulator/model_result_file.h"
#include "simulator/scenario.h"

namespace iotsim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Distributions : public Jobs {
 protected:
  Distributions() {
    client.instance.clear();
    DistributionSpec spec;
    spec.account = "a";
    spec.id = "UbmsA";
    spec.source_instance = "iot-cn-from";
    spec.target_instances = {"iot-cn-to1", "iot-cn-to2"};
    spec.devices = 40;
    spec.failed = 0.25;
    spec.results = {{"", "pump", "6100", "says \"no\", twice"}};
    spec.created_ms = kStart;
    world.add(spec);
    spec.id = "UbmsB";
    spec.aborts = true;
    spec.running_ms = 100;
    world.add(spec);
  }
  std::string detail(const std::string& id) {
    return ask("QueryDeviceDistributeDetail", {{"JobId", id}}).body;
  }
  std::string job(const std::string& id) {
    return ask("QueryDeviceDistributeJob", {{"JobId", id}}).body;
  }
  // Returns the path and query of a link.
  std::string target_of(const std::string& body) {
    const std::string url = one(body, "File");
    return url.substr(url.find('/', url.find("//") + 2));
  }
  Response fetch(const std::string& target) {
    return cloud.handle({"GET", target, {{"host", "files.example"}}, "", "127.0.0.1"}, now());
  }
  void pass(std::int64_t ms) {
    wall += ms;
    mono_us += ms * 1000;
  }
};

TEST_F(Distributions, SayWhatIsDocumented) {
  const std::string body = job("UbmsA");
  EXPECT_THAT(body, HasSubstr("\"Success\":true"));
  EXPECT_THAT(body, HasSubstr("\"Status\":0"));
  EXPECT_THAT(body, HasSubstr("\"Total\":41"));
  EXPECT_THAT(body, HasSubstr("\"GmtCreate\":1800000000000"));
  EXPECT_THAT(body, HasSubstr("\"SourceInstanceId\":\"iot-cn-from\""));
  EXPECT_THAT(body, HasSubstr("\"TargetInstanceConfigs\":{\"targetInstanceConfigs\":["
                              "{\"TargetInstanceId\":\"iot-cn-to1\"},"
                              "{\"TargetInstanceId\":\"iot-cn-to2\"}]}"));
  pass(1000);
  EXPECT_THAT(job("UbmsA"), HasSubstr("\"Status\":1"));
  EXPECT_THAT(job("UbmsB"), HasSubstr("\"Status\":3"));
  pass(30'000);
  EXPECT_THAT(job("UbmsA"), HasSubstr("\"Status\":2"));
  EXPECT_EQ(one(job("other"), "Code"), "iot.job.DistributeJobNotFound");
}

TEST_F(Distributions, TakeNoInstanceId) {
  client.instance = "iot-cn-test";
  EXPECT_EQ(code("QueryDeviceDistributeDetail", {{"JobId", "UbmsB"}}), "iot.common.InvalidParam");
  EXPECT_EQ(code("QueryDeviceDistributeJob", {{"JobId", "UbmsB"}}), "iot.common.InvalidParam");
}

TEST_F(Distributions, HaveAFileWhenTheyHaveEnded) {
  EXPECT_EQ(one(detail("UbmsA"), "Code"), "iot.job.DistributeJobNotFinished");
  pass(31'000);
  const std::string body = detail("UbmsA");
  EXPECT_THAT(body, Not(HasSubstr("\"Data\"")));
  EXPECT_THAT(one(body, "File"), StartsWith("http://iot.example/job"));
  cloud.file_base = "http://127.0.0.1:9";
  EXPECT_THAT(one(detail("UbmsA"), "File"), StartsWith("http://127.0.0.1:9/job"));
  const Response file = fetch(target_of(body));
  EXPECT_EQ(file.status, 200);
  EXPECT_THAT(file.body, StartsWith("ProductKey,DeviceName,Code,Message\r\na1SimProduct,dev"));
  EXPECT_THAT(file.body, HasSubstr("\r\na1SimProduct,pump,6100,\"says \"\"no\"\", twice\"\r\n"));
  // The second distribution aborted halfway.
  EXPECT_EQ(result_rows(world.distributions()[0], 5).size(), 41);
  EXPECT_EQ(result_rows(world.distributions()[1], 5).size(), 21);
}

TEST_F(Distributions, LinksAreSignedAndExpire) {
  pass(31'000);
  turn("link_ms", "5000");
  const std::string target = target_of(detail("UbmsA"));
  EXPECT_EQ(fetch(target).status, 200);
  EXPECT_EQ(fetch(target).status, 200);
  EXPECT_NE(target_of(detail("UbmsA")), target);
  const std::string bare = target.substr(0, target.find('?'));
  EXPECT_EQ(fetch(bare).status, 403);
  EXPECT_EQ(fetch("/jobx/y?Expires=1").status, 404);
  std::string forged = target;
  const std::size_t expires = forged.find("Expires=") + 8;
  forged.replace(expires, 10, "1900000000");
  EXPECT_THAT(fetch(forged).body, HasSubstr("<Code>SignatureDoesNotMatch</Code>"));
  pass(6000);
  const Response late = fetch(target);
  EXPECT_EQ(late.status, 403);
  EXPECT_THAT(late.body, HasSubstr("<Code>AccessDenied</Code>"));
  EXPECT_THAT(late.body, HasSubstr("<Message>Request has expired.</Message>"));
  EXPECT_EQ(world.distributions()[0].fetched, 2);
  EXPECT_EQ(world.distributions()[0].refused, 3);
}

TEST_F(Distributions, SwitchesSpoilTheFile) {
  pass(31'000);
  const auto get = [&] { return fetch(target_of(detail("UbmsA"))); };
  turn("link_once", "true");
  const std::string target = target_of(detail("UbmsA"));
  EXPECT_EQ(fetch(target).status, 200);
  EXPECT_EQ(fetch(target).status, 403);
  turn("result_file", "redirect");
  EXPECT_EQ(get().status, 302);
  turn("result_file", "huge");
  EXPECT_EQ(get().delivery, Delivery::kEndless);
  turn("result_file", "slow");
  EXPECT_EQ(get().delivery, Delivery::kDripped);
  turn("result_file", "cut");
  EXPECT_EQ(get().delivery, Delivery::kCutLength);
  turn("result_file", "html");
  EXPECT_THAT(get().body, StartsWith("<!DOCTYPE html>"));
  turn("result_file", "good");
  turn("result_format", "json");
  EXPECT_THAT(get().body, StartsWith("[{\"productKey\":\"a1SimProduct\",\"deviceName\":\"dev"));
  std::string_view formats = kResultFormats;
  while (!formats.empty()) {
    const std::string_view format = formats.substr(0, formats.find('|'));
    formats.remove_prefix(std::min(formats.size(), format.size() + 1));
    turn("result_format", std::string(format));
    EXPECT_EQ(get().status, 200) << format;
  }
}

TEST_F(Distributions, ControlShowsAndRemoves) {
  const auto page = [&](const std::string& target) {
    return control(cloud, {"GET", target, {}, "", ""}, now()).body;
  };
  pass(31'000);
  fetch(target_of(detail("UbmsA")));
  EXPECT_THAT(page("/-/distributions"), HasSubstr("\"id\":\"UbmsA\",\"account\":\"a\","
                                                  "\"status\":2,\"total\":41"));
  EXPECT_THAT(page("/-/distributions"), HasSubstr("\"links\":1,\"fetched\":1,\"refused\":0"));
  EXPECT_THAT(page("/-/remove?distribution=UbmsA"), HasSubstr("true"));
  EXPECT_EQ(one(job("UbmsA"), "Code"), "iot.job.DistributeJobNotFound");
  EXPECT_THAT(page("/-/remove?distribution=UbmsA"), HasSubstr("no such distribution"));
}

std::string unzipped(std::string_view gzip) {
  std::string out(1U << 16U, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 31), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(ResultFile, InEachFormat) {
  const std::vector<DistributionRow> rows = {{"pk", "d-1", "200", "ok"},
                                             {"pk", "d<2>", "6100", "a, \"b\""}};
  EXPECT_EQ(write_result_file(rows, "json"),
            R"([{"productKey":"pk","deviceName":"d-1","code":200,"message":"ok"},)"
            R"({"productKey":"pk","deviceName":"d<2>","code":6100,"message":"a, \"b\""}])");
  EXPECT_THAT(write_result_file(rows, "json_lines"),
              StartsWith(R"({"ProductKey":"pk","DeviceName":"d-1","Code":"200","Message":"ok"})"
                         "\n{"));
  const std::string csv = write_result_file(rows, "csv");
  EXPECT_EQ(csv,
            "ProductKey,DeviceName,Code,Message\r\npk,d-1,200,ok\r\n"
            "pk,d<2>,6100,\"a, \"\"b\"\"\"\r\n");
  EXPECT_EQ(write_result_file(rows, "csv_bom"), "\xef\xbb\xbf" + csv);
  EXPECT_EQ(unzipped(write_result_file(rows, "csv_gzip")), csv);
  EXPECT_THAT(write_result_file(rows, "csv_gbk"), StartsWith("\xb2\xfa\xc6\xb7,"));
  EXPECT_THAT(write_result_file(rows, "csv_zip"), StartsWith("PK\x03\x04"));
  EXPECT_THAT(write_result_file(rows, "xlsx"), HasSubstr("xl/worksheets/sheet1.xml"));
}

const std::string kAccount =
    "accounts:\n  - name: a\n    keys:\n      - {id: k, secret: s}\n    distributions:\n";

TEST(DistributionScenario, IsReadAndWrittenToTheClient) {
  Scenario scenario = parse_scenario(
      kAccount +
          "      - {id: d1, devices: 3, failed: 0.5, start: 2s, running: 60s, format: xlsx,\n"
          "         results: [{device: x, code: 500, message: m}]}\n"
          "      - {aborts: true}\n",
      "s.yaml");
  ASSERT_EQ(scenario.distributions.size(), 2);
  EXPECT_THAT(scenario.distributions[1].id, StartsWith("UbmsMHmkqv0PiAG"));
  speed_up(scenario, 10);
  EXPECT_EQ(scenario.distributions[0].running_ms, 6000);
  World world(1);
  build(scenario, 1000, world);
  EXPECT_EQ(world.distributions()[0].spec.created_ms, 1200);
  EXPECT_EQ(world.distributions()[0].total(), 4);
  ClientOptions options;
  options.endpoint = "http://127.0.0.1:8080";
  EXPECT_THAT(client_config(world, options).back().text,
              HasSubstr("    distributions:\n      - \"d1\"\n"));
  EXPECT_THAT(client_config(world, options).back().text,
              HasSubstr("    distribution_endpoint: \"http://127.0.0.1:8080\"\n"
                        "    distribution_file_hosts: [\"127.0.0.1\"]\n"));
}

TEST(DistributionScenario, ErrorsNameThePlace) {
  const auto error = [](const std::string& line) -> std::string {
    try {
      parse_scenario(kAccount + line, "s.yaml");
      return "";
    } catch (const ScenarioError& e) {
      return e.what();
    }
  };
  EXPECT_THAT(error("      - {format: doc}\n"), StartsWith("s.yaml:6:18: must be one of json|"));
  EXPECT_THAT(error("      - {colour: red}\n"), HasSubstr("unknown key: colour"));
  EXPECT_THAT(error("      - {results: [{device: x}]}\n"), HasSubstr("missing key: code"));
  EXPECT_THAT(error("      - {id: x}\n      - {id: x}\n"), HasSubstr("distribution id used twice"));
}

}  // namespace
}  // namespace iotsim
