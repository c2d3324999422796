#include "cloud/result_xml.h"

#include <expat.h>

#include <algorithm>
#include <memory>

#include "cloud/result_tally.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kPart = 64U << 10U;  // bytes a call

struct State {
  XML_Parser parser;
  XmlHandler& handler;
  std::size_t depth = 0;
  bool is_refused = false;

  void end_if(bool refused) {
    is_refused = is_refused || refused;
    if (is_refused || handler.is_done()) XML_StopParser(parser, XML_FALSE);
  }
};

std::string_view local(const char* name) {
  const std::string_view whole = name;
  const std::size_t colon = whole.rfind(':');
  return colon == std::string_view::npos ? whole : whole.substr(colon + 1);
}

void XMLCALL on_open(void* data, const char* name, const char** attributes) {
  State& state = *static_cast<State*>(data);
  if (++state.depth > kResultNesting) return state.end_if(true);
  state.handler.open(local(name), attributes);
  state.end_if(false);
}

void XMLCALL on_close(void* data, const char* name) {
  State& state = *static_cast<State*>(data);
  --state.depth;
  state.handler.close(local(name));
  state.end_if(false);
}

void XMLCALL on_text(void* data, const char* text, int size) {
  State& state = *static_cast<State*>(data);
  state.handler.text({text, static_cast<std::size_t>(size)});
  state.end_if(false);
}

void XMLCALL on_doctype(void* data, const char*, const char*, const char*, int) {
  static_cast<State*>(data)->end_if(true);
}

}  // namespace

bool read_xml(std::string_view xml, XmlHandler& handler) {
  const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(XML_ParserCreate(nullptr),
                                                                       &XML_ParserFree);
  if (!parser) return false;
  State state{parser.get(), handler};
  XML_SetUserData(parser.get(), &state);
  XML_SetElementHandler(parser.get(), &on_open, &on_close);
  XML_SetCharacterDataHandler(parser.get(), &on_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), &on_doctype);
  XML_SetParamEntityParsing(parser.get(), XML_PARAM_ENTITY_PARSING_NEVER);
  do {
    const std::string_view part = xml.substr(0, kPart);
    xml.remove_prefix(part.size());
    const XML_Status status =
        XML_Parse(parser.get(), part.data(), static_cast<int>(part.size()), xml.empty());
    if (state.is_refused) return false;
    if (handler.is_done()) return true;
    if (status != XML_STATUS_OK) return false;
  } while (!xml.empty());
  return true;
}

}  // namespace taskwatchd
