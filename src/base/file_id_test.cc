#include "base/file_id.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace turntable {
namespace {

class FileIdTest : public testing::Test {
 protected:
  FileIdTest() { std::filesystem::create_directories(dir_ / "folder"); }
  ~FileIdTest() override { std::filesystem::remove_all(dir_); }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }

  const std::filesystem::path dir_ = std::filesystem::temp_directory_path() /
                                     ("turntable_file_id_" + std::to_string(::getpid()));
};

TEST_F(FileIdTest, KnowsAFileByEachOfItsNames) {
  EXPECT_TRUE(is_same_file(path("a"), path("folder/../a"))) << "once it is made";
  EXPECT_FALSE(is_same_file(path("a"), path("b")));
  std::ofstream(path("a")) << "x";
  std::filesystem::create_symlink(path("a"), path("b"));
  EXPECT_TRUE(is_same_file(path("a"), path("b")));
  EXPECT_FALSE(is_same_file(path("a"), path("c")));
  EXPECT_FALSE(is_same_file("/dev/null", "/dev/null"));
}

TEST_F(FileIdTest, PathsThatLeadNowhereAreNotOneFile) {
  EXPECT_FALSE(is_same_file("", ""));
  EXPECT_FALSE(is_same_file("", path("a")));
  // A link to itself can be looked into by nobody, as a folder without the right to search it.
  std::filesystem::create_symlink(path("loop"), path("loop"));
  EXPECT_FALSE(is_same_file(path("loop/a"), path("loop/b")));
}

}  // namespace
}  // namespace turntable
