// What a pipeline is where its file does not say.
#include "app/pipeline.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace turntable {
namespace {

class PipelineTest : public testing::Test {
 protected:
  ~PipelineTest() override { std::filesystem::remove(file_); }

  Pipeline with_sink(const std::string& options) {
    std::ofstream(file_) << "CREATE TABLE plays (id int NOT NULL)\n"
                            "WITH (connector = 'ndjson', path = 'plays.ndjson');\n"
                            "CREATE TABLE history (id int) WITH ("
                         << options
                         << ");\n"
                            "INSERT INTO history SELECT id FROM plays;\n";
    auto pipeline = load_pipeline(file_, {});
    EXPECT_TRUE(pipeline) << pipeline.error().message;
    return pipeline ? std::move(*pipeline) : Pipeline{};
  }

  std::string file_ = (std::filesystem::temp_directory_path() /
                       ("turntable_pipeline_" + std::to_string(::getpid()) + ".sql"))
                          .string();
};

TEST_F(PipelineTest, RowsGatherForAStoreAndNotForNone) {
  EXPECT_EQ(
      with_sink("connector = 'sqlite', path = 'history.db', primary_key = 'id'").sink.flush_rows,
      10'000U);
  EXPECT_EQ(with_sink("connector = 'null'").sink.flush_rows, 2'000U);
  EXPECT_EQ(with_sink("connector = 'null', flush_rows = '7'").sink.flush_rows, 7U);
}

}  // namespace
}  // namespace turntable
