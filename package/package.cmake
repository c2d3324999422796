# The Debian package: `cmake --build BUILD --target deb`. Its manual pages and completions are generated from the
# program and from docs/, so that they cannot differ. The same commit gives the same bytes.
include(GNUInstallDirs)

set(PACKAGE_RELEASE 1 CACHE STRING "The package's own part of the version")
set(PACKAGE_MAINTAINER "taskwatchd maintainers <maintainers@taskwatchd.invalid>" CACHE STRING "Name <address>")

# Without git, the time of the configuration.
string(TIMESTAMP PACKAGE_EPOCH %s UTC)
execute_process(COMMAND git log -1 --format=%ct WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                OUTPUT_VARIABLE committed OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(committed)
  set(PACKAGE_EPOCH ${committed})
endif()
set(ENV{SOURCE_DATE_EPOCH} ${PACKAGE_EPOCH})
string(TIMESTAMP day %Y-%m-%d UTC)
string(TIMESTAMP PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)

set(source ${CMAKE_CURRENT_LIST_DIR})
set(made ${CMAKE_BINARY_DIR}/package)
file(MAKE_DIRECTORY ${made})
configure_file(${source}/changelog.in ${made}/changelog.Debian @ONLY)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# page(taskwatchd.8 SOURCE SUMMARY): makes the compressed manual page.
function(page name text summary)
  string(REGEX MATCH "^(.*)\\.([0-9])$" whole ${name})
  add_custom_command(
    OUTPUT ${made}/${name}.gz
    COMMAND ${Python3_EXECUTABLE} ${source}/make_manual.py ${CMAKE_MATCH_1} ${CMAKE_MATCH_2} ${summary} ${text}
            ${PROJECT_VERSION} ${day} ${made}/${name} $<TARGET_FILE:taskwatchd>
    COMMAND gzip -9nf ${made}/${name}
    DEPENDS taskwatchd ${source}/make_manual.py ${source}/commands.py ${text}
    VERBATIM)
  install(FILES ${made}/${name}.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/man/man${CMAKE_MATCH_2}
          COMPONENT package EXCLUDE_FROM_ALL)
endfunction()
page(taskwatchd.8 ${source}/taskwatchd.8.md "monitor tasks on the Alibaba Cloud IoT Platform")
page(taskwatchd.yaml.5 ${CMAKE_SOURCE_DIR}/docs/reference/configuration.md "configuration of taskwatchd")
page(taskwatchd-metrics.7 ${CMAKE_SOURCE_DIR}/docs/reference/metrics.md "metrics of taskwatchd")

set(completions ${made}/taskwatchd.bash ${made}/_taskwatchd ${made}/taskwatchd.fish)
add_custom_command(
  OUTPUT ${completions}
  COMMAND ${Python3_EXECUTABLE} ${source}/make_completions.py $<TARGET_FILE:taskwatchd> ${made}
  DEPENDS taskwatchd ${source}/make_completions.py ${source}/commands.py
  VERBATIM)
add_custom_command(
  OUTPUT ${made}/sbom.cdx.json
  COMMAND ${Python3_EXECUTABLE} ${source}/make_sbom.py $<TARGET_FILE:taskwatchd> ${PROJECT_VERSION} ${PACKAGE_EPOCH}
          ${CMAKE_SOURCE_DIR} ${made}/sbom.cdx.json
  DEPENDS taskwatchd ${source}/make_sbom.py ${CMAKE_SOURCE_DIR}/daemon/page/package-lock.json
  VERBATIM)
set(changelogs ${made}/changelog.gz ${made}/changelog.Debian.gz)
add_custom_command(
  OUTPUT ${changelogs}
  COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/CHANGELOG.md ${made}/changelog
  COMMAND gzip -9nkf ${made}/changelog ${made}/changelog.Debian
  DEPENDS ${CMAKE_SOURCE_DIR}/CHANGELOG.md ${made}/changelog.Debian
  VERBATIM)
add_custom_target(package_files DEPENDS ${made}/taskwatchd.8.gz ${made}/taskwatchd.yaml.5.gz
                  ${made}/taskwatchd-metrics.7.gz ${completions} ${made}/sbom.cdx.json ${changelogs})

# Only in the package: files outside the prefix, and generated files.
function(package_file file folder name)
  install(FILES ${file} DESTINATION ${folder} RENAME ${name} COMPONENT package EXCLUDE_FROM_ALL)
endfunction()
set(share ${CMAKE_INSTALL_DATADIR})
package_file(${source}/taskwatchd.yaml /etc/taskwatchd taskwatchd.yaml)
package_file(${CMAKE_SOURCE_DIR}/systemd/taskwatchd.default /etc/default taskwatchd)
package_file(${CMAKE_SOURCE_DIR}/systemd/taskwatchd.service.d/credentials.conf.example
             ${share}/doc/taskwatchd/examples credentials.conf)
package_file(${CMAKE_SOURCE_DIR}/systemd/taskwatchd.socket.example ${share}/doc/taskwatchd/examples taskwatchd.socket)
package_file(${source}/debian/copyright ${share}/doc/taskwatchd copyright)
package_file(${made}/changelog.gz ${share}/doc/taskwatchd changelog.gz)
package_file(${made}/changelog.Debian.gz ${share}/doc/taskwatchd changelog.Debian.gz)
package_file(${made}/sbom.cdx.json ${share}/doc/taskwatchd sbom.cdx.json)
package_file(${made}/taskwatchd.bash ${share}/bash-completion/completions taskwatchd)
package_file(${made}/_taskwatchd ${share}/zsh/vendor-completions _taskwatchd)
package_file(${made}/taskwatchd.fish ${share}/fish/vendor_completions.d taskwatchd.fish)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME taskwatchd)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT ${PACKAGE_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL daemon package)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_STRIP_FILES ON)
# Otherwise the permissions depend on the umask of the user that builds the package.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${PACKAGE_RELEASE})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# All API calls use https; libcurl only recommends the CA certificates.
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus (>= 2.42), prometheus-alertmanager")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${source}/debian/postinst ${source}/debian/prerm ${source}/debian/postrm
    ${source}/debian/conffiles)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "monitor tasks on the Alibaba Cloud IoT Platform")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"A daemon that polls the tasks of IoT jobs (property settings, service calls,
custom jobs) within the account's API quota and saves every status change
before it publishes it. It provides Prometheus metrics, journal entries, an
HTTP API and a status page, and reports which devices failed or timed out.
.
It includes alert rules and dashboards, and commands that query tasks, wait
for them, check a configuration or simulate it.")
set(CPACK_OUTPUT_FILE_PREFIX ${CMAKE_BINARY_DIR})
include(CPack)
add_custom_target(deb
  COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=${PACKAGE_EPOCH}
          ${CMAKE_CPACK_COMMAND} --config ${CMAKE_BINARY_DIR}/CPackConfig.cmake
  DEPENDS taskwatchd package_files
  VERBATIM)
