// XML read from front to back: expat with what we never want switched off. Pure.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  // Names without their prefix; `attributes` as expat gives them: name, value, ..., nullptr.
  virtual void open(std::string_view element, const char** attributes) = 0;
  virtual void close(std::string_view element) = 0;
  virtual void text(std::string_view part) = 0;
  // True: the reading ends.
  virtual bool is_done() const = 0;
};

// False if the XML is broken, cut, nested deeply or has a document type (and so entities).
bool read_xml(std::string_view xml, XmlHandler& handler);

}  // namespace taskwatchd
