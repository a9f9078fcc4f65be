#include "cli/cli.h"

int main(int argc, char** argv) {
  return turntable::run_command_line(argc, argv);
}
