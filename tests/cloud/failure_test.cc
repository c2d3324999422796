// Each way in which a call can fail, and the reason assigned to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/reply.h"
#include "cloud/reply_fixture.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;

struct CodeCase {
  const char* code;
  int status;
  Reason reason;
};

// The documented codes of the gateway and the IoT Platform with their HTTP status, and some codes
// that no document lists.
constexpr CodeCase kCodes[] = {
    {"Throttling", 400, Reason::kThrottled},
    {"Throttling.User", 400, Reason::kThrottled},
    {"Throttling.Api", 400, Reason::kThrottled},
    {"Throttling.User", 429, Reason::kThrottled},
    {"Throttling", 503, Reason::kThrottled},
    {"iot.common.HighFrequentDeny", 200, Reason::kThrottled},
    {"iot.messagebroker.RateLimit", 200, Reason::kThrottled},
    {"Whatever", 429, Reason::kThrottled},
    {"ServiceUnavailable", 503, Reason::kServerError},
    {"InternalError", 500, Reason::kServerError},
    {"InternalError", 200, Reason::kServerError},
    {"UnknownError", 500, Reason::kServerError},
    {"iot.system.SystemException", 200, Reason::kServerError},
    {"Whatever", 502, Reason::kServerError},
    {"iot.job.Whatever", 500, Reason::kServerError},
    {"InvalidAccessKeyId.NotFound", 404, Reason::kAuth},
    {"InvalidAccessKeyId.Inactive", 400, Reason::kAuth},
    {"InvalidAccessKeyId", 403, Reason::kAuth},
    {"SignatureDoesNotMatch", 400, Reason::kAuth},
    {"InvalidSecurityToken.Expired", 400, Reason::kAuth},
    {"InvalidSecurityToken.Malformed", 403, Reason::kAuth},
    {"InvalidSecurityToken.MismatchWithAccessKey", 403, Reason::kAuth},
    {"Forbidden.RAM", 403, Reason::kForbidden},
    {"Forbidden.AccessKeyDisabled", 403, Reason::kForbidden},
    {"Forbidden.RiskControl", 403, Reason::kForbidden},
    {"NoPermission", 403, Reason::kForbidden},
    {"iot.common.RamActionPermissionDeny", 200, Reason::kForbidden},
    {"iot.common.AuthActionPermissionDeny", 403, Reason::kForbidden},
    {"Iot.system.BillIsOverDue", 200, Reason::kOverdue},
    {"InvalidTimeStamp.Expired", 400, Reason::kClockSkew},
    {"InvalidTimeStamp.Format", 400, Reason::kClockSkew},
    {"SignatureNonceUsed", 400, Reason::kBadRequest},
    {"IncompleteSignature", 400, Reason::kBadRequest},
    {"InvalidApi.NotFound", 404, Reason::kBadRequest},
    {"InvalidProtocol.NeedSsl", 400, Reason::kBadRequest},
    {"MissingTaskId", 400, Reason::kBadRequest},
    {"InvalidParameter", 400, Reason::kBadRequest},
    {"UnsupportedHTTPMethod", 400, Reason::kBadRequest},
    {"iot.system.InstanceNotFound", 200, Reason::kBadRequest},
    {"iot.Sre.IotInstanceNotFound", 200, Reason::kBadRequest},
    {"iot.Sre.IotInstanceAccessForbidden", 200, Reason::kBadRequest},
    {"iot.common.InvalidParam", 500, Reason::kBadRequest},
    {"iot.prod.NotExistedProduct", 200, Reason::kBadRequest},
    {"iot.device.NotExistedDevice", 200, Reason::kBadRequest},
    {"iot.job.TaskNotFound", 200, Reason::kBadRequest},
    {"460", 200, Reason::kBadRequest},
    {"ForbiddenFruit", 400, Reason::kBadRequest},
    {"", 429, Reason::kThrottled},
    {"", 408, Reason::kTimeout},
    {"", 500, Reason::kServerError},
    {"", 503, Reason::kServerError},
    {"", 200, Reason::kProtocol},
    {"", 302, Reason::kProtocol},
    {"", 403, Reason::kProtocol},
    {"", 600, Reason::kProtocol},
};

std::string in_case(std::string text, int (*turn)(int)) {
  for (char& c : text) c = static_cast<char>(turn(static_cast<unsigned char>(c)));
  return text;
}

TEST(Classify, EachCodeInAnyLetterCase) {
  for (const CodeCase& c : kCodes) {
    EXPECT_EQ(classify(c.code, c.status), c.reason) << c.code << ' ' << c.status;
    EXPECT_EQ(classify(in_case(c.code, std::toupper), c.status), c.reason) << c.code;
    EXPECT_EQ(classify(in_case(c.code, std::tolower), c.status), c.reason) << c.code;
  }
}

// A code has the same meaning in each part of a response that may contain it.
TEST(Failure, EachCodeInEachPlace) {
  for (const CodeCase& c : kCodes) {
    const std::string code = c.code;
    if (code.empty()) continue;
    const std::string in_data = "\"Data\":{\"Code\":\"" + code + "\"}}";
    const std::string bodies[] = {
        R"({"RequestId":"R1","HostId":"h","Message":"m","Code":")" + code + "\"}",
        R"({"requestId":"R1","message":"m","code":")" + code + "\"}",
        R"({"RequestId":"R1","Success":false,"ErrorMessage":"m","Code":")" + code + "\"}",
        R"({"RequestId":"R1","Success":"false","ErrorMessage":"m",)" + in_data,
        "<Error><RequestId>R1</RequestId><Code>" + code + "</Code><Message>m</Message></Error>",
        "<?xml version='1.0'?>\r\n<QueryTaskResponse><RequestId>R1</RequestId><Success>false"
        "</Success><Code>" +
            code + "</Code><ErrorMessage>m</ErrorMessage></QueryTaskResponse>",
    };
    for (const std::string& body : bodies) {
      const bool gateway = body.find("false") == std::string::npos;
      if (gateway && c.status == 200) continue;
      const Failure f = failure_of(reply(c.status, body));
      EXPECT_EQ(f.reason, c.reason) << body;
      EXPECT_EQ(f.code, code) << body;
      EXPECT_EQ(f.request_id, "R1") << body;
      EXPECT_EQ(f.http_status, c.status) << body;
    }
  }
}

TEST(Failure, TheCodeOfXmlThatIsNotWellFormedIsFound) {
  const Failure f =
      failure_of(reply(400, "<Error><Message>a & b</Message><Code>Throttling.User</Code></Error>"));
  EXPECT_EQ(f.reason, Reason::kThrottled);
  EXPECT_EQ(f.code, "Throttling.User");
}

TEST(Failure, GatewayCodeWithA2xx) {
  const Failure f = failure_of(reply(200, sample("throttling.json")));
  EXPECT_EQ(f.reason, Reason::kThrottled);
  // An unknown code is not enough to recognize the failure.
  EXPECT_EQ(failure_of(reply(200, R"({"Code":"OK"})")).reason, Reason::kProtocol);
}

TEST(Failure, Samples) {
  for (const char* name : {"throttling.json", "throttling.xml"}) {
    const Failure f = failure_of(reply(400, sample(name)));
    EXPECT_EQ(f.reason, Reason::kThrottled) << name;
    EXPECT_EQ(f.code, "Throttling.User") << name;
    EXPECT_EQ(f.message, "Throttling.User: Request was denied due to user flow control.") << name;
    EXPECT_EQ(f.request_id, "8906582E-6722-409A-A6C4-0E7863B733A5") << name;
  }
  const Failure f = failure_of(reply(200, sample("in_band.json")));
  EXPECT_EQ(f.reason, Reason::kServerError);
  EXPECT_EQ(f.message, "iot.system.SystemException: 系统异常");
}

// The gateway's message about a wrong signature quotes the request, including the security token.
TEST(Failure, MessageHoldsNoSecret) {
  const Failure f = failure_of(reply(400, sample("signature.xml")));
  EXPECT_EQ(f.reason, Reason::kAuth);
  EXPECT_THAT(f.message, HasSubstr("Specified signature is not matched"));
  EXPECT_THAT(f.message, Not(HasSubstr("CANARY")));
  EXPECT_LE(f.message.size(), 256u);
}

TEST(Failure, MessageIsEscapedAndCut) {
  const Failure f =
      failure_of(reply(400, R"({"Code":"X.Y","Message":"a\n[info] ok\u001b[2J\u202e)" +
                                std::string(5000, 'z') + "\"}"));
  EXPECT_THAT(f.message, HasSubstr("a\\x0a[info] ok\\x1b[2J\\u{202e}zzz"));
  EXPECT_LE(f.message.size(), 256u);
  EXPECT_THAT(f.message, HasSubstr(" bytes)"));
  // An invalid code is dropped: it must not reach labels or messages.
  EXPECT_EQ(failure_of(reply(400, R"({"Code":"a b\n","Message":"m"})")).code, "");
  EXPECT_EQ(failure_of(reply(400, "{\"Code\":\"" + std::string(129, 'c') + "\"}")).code, "");
}

TEST(Failure, MaybeNotFound) {
  const auto with = [](const char* code, int status) {
    return failure_of(reply(status, std::string(R"({"Success":false,"Code":")") + code + "\"}"))
        .maybe_not_found;
  };
  EXPECT_TRUE(with("iot.job.TaskNotFound", 200));
  EXPECT_TRUE(with("IOT.thing.whatever", 400));
  EXPECT_FALSE(with("iot.job.Whatever", 503));
  EXPECT_FALSE(with("iot.system.InstanceNotFound", 200));
  EXPECT_FALSE(with("iot.common.RamActionPermissionDeny", 200));
  EXPECT_FALSE(with("iot.device.NotExistedDevice", 200));
  EXPECT_FALSE(with("InvalidApi.NotFound", 404));
  EXPECT_FALSE(with("460", 200));
}

TEST(Failure, WantsGet) {
  EXPECT_TRUE(failure_of(reply(405, R"({"Code":"UnsupportedHTTPMethod"})")).wants_get);
  EXPECT_TRUE(failure_of(reply(400, R"({"code":"unsupportedhttpmethod"})")).wants_get);
  EXPECT_FALSE(failure_of(reply(400, R"({"Code":"UnsupportedHTTPMethods"})")).wants_get);
}

TEST(Failure, NumericCode) {
  const Failure f = failure_of(reply(200, R"({"Success":false,"Code":520,"ErrorMessage":"m"})"));
  EXPECT_EQ(f.code, "520");
  EXPECT_EQ(f.reason, Reason::kBadRequest);
}

TEST(Failure, BodiesThatAreNotReplies) {
  const std::string bodies[] = {"",
                                " ",
                                "\n",
                                "null",
                                "[]",
                                "[{}]",
                                "7",
                                "\"x\"",
                                "{",
                                "{\"Success\":tru",
                                sample("login.html"),
                                "<html><Code>Throttling.User</Code></html>",
                                "<Error><Code>Throttling.Us",
                                "<Error></Error>",
                                "<Error><Code></Code></Error>",
                                "Throttling.User",
                                sample("query_task.json").substr(0, 300),
                                "<?xml",
                                "<?xml?>",
                                "<"};
  for (const std::string& body : bodies) {
    EXPECT_EQ(failure_of(reply(200, body)).reason, Reason::kProtocol) << body;
    EXPECT_EQ(failure_of(reply(302, body)).reason, Reason::kProtocol) << body;
    EXPECT_EQ(failure_of(reply(403, body)).reason, Reason::kProtocol) << body;
    EXPECT_EQ(failure_of(reply(502, body)).reason, Reason::kServerError) << body;
    EXPECT_EQ(failure_of(reply(429, body)).reason, Reason::kThrottled) << body;
  }
  EXPECT_EQ(failure_of(reply(200, sample("login.html"))).message.substr(0, 40),
            "HTTP 200, not a JSON object: <!DOCTYPE h");
  EXPECT_EQ(failure_of(reply(204, "")).message, "HTTP 204, empty body");
}

TEST(Failure, TransportToReason) {
  using Kind = TransportFailure::Kind;
  const std::pair<Kind, Reason> cases[] = {{Kind::kTimeout, Reason::kTimeout},
                                           {Kind::kUnreachable, Reason::kUnreachable},
                                           {Kind::kTls, Reason::kTls},
                                           {Kind::kTooLarge, Reason::kProtocol},
                                           {Kind::kProtocol, Reason::kProtocol}};
  for (const auto& [kind, reason] : cases) {
    const Failure f = failure_of(TransportFailure{kind, "could not\n resolve"});
    EXPECT_EQ(f.reason, reason);
    EXPECT_EQ(f.http_status, 0);
    EXPECT_EQ(f.message, "could not\\x0a resolve");
  }
}

}  // namespace
}  // namespace taskwatchd
