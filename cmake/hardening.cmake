# Warnings, hardening and sanitizers, for every target of this project.
add_compile_options(-Wall -Wextra -Wconversion -Wformat=2 -Werror=format-security)
# -Wconversion over-reports on sign changes inside the standard headers' inline code.
add_compile_options(-Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 takes Asio's pair of coroutine frame allocators for a mismatched one.
  add_compile_options(-Wno-mismatched-new-delete)
  # g++ 13 and 14 take any reference that comes back from a call with a temporary for one to it.
  add_compile_options(-Wno-dangling-reference)
  if(CMAKE_UNITY_BUILD)
    # It takes the sources of a unit for headers, in which unnamed types would be a mistake.
    add_compile_options(-Wno-subobject-linkage)
  endif()
endif()
if(TASKWATCHD_WERROR)
  add_compile_options(-Werror)
endif()

# One thread owns all state: Asio needs no locks of its own for handlers, but others threads post to it.
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)

add_compile_options(-fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing)
if(TASKWATCHD_SANITIZE)
  add_compile_options(-fsanitize=${TASKWATCHD_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TASKWATCHD_SANITIZE})
else()
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection=full
                      -ftrivial-auto-var-init=zero -fPIE)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  endif()
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
endif()

# `assert` guards against programmer errors in release builds too (docs/development/architecture.md).
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
