// SPDX-License-Identifier: Apache-2.0
// installed_page FILES PAGE SOURCE TARGET: writes TARGET, a Markdown page of the installed tree.
// SOURCE is its text and PAGE its path in the repository. FILES has a line for each installed file:
// its path in the repository, a tab, and its path in the tree.
#include <cstddef>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "tools/build/installed_links.h"

namespace weir {
namespace {

InstalledFiles ReadFiles(std::istream& input) {
  InstalledFiles files;
  std::string line;
  while (std::getline(input, line)) {
    const size_t tab = line.find('\t');
    // A file may be in the tree twice: links lead to the first.
    if (tab != std::string::npos) files.emplace(line.substr(0, tab), line.substr(tab + 1));
  }
  return files;
}

int Main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: installed_page FILES PAGE SOURCE TARGET\n";
    return 1;
  }
  const std::string page = argv[2];
  std::ifstream list(argv[1]);
  const InstalledFiles files = ReadFiles(list);
  std::ifstream source(argv[3], std::ios::binary);
  std::ostringstream text;
  text << source.rdbuf();
  if (!source || files.count(page) == 0) {
    std::cerr << "installed_page: " << argv[3] << ": cannot be read, or is not in " << argv[1]
              << "\n";
    return 1;
  }
  std::ofstream target(argv[4], std::ios::binary);
  target << WithInstalledLinks(text.str(), page, files);
  target.close();
  if (!target) std::cerr << "installed_page: " << argv[4] << ": cannot be written\n";
  return target ? 0 : 1;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) { return weir::Main(argc, argv); }
