#include <cerrno>
#include <cstdlib>
#include <exception>
#include <new>
#include <system_error>

#include "base/check.h"
#include "base/descriptor.h"
#include "base/output.h"
#include "cli/cli.h"

namespace {

// No bug: what is held has bounds, but the machine may have less. What holds most is named. There
// is no memory, so that nothing is allocated here.
[[noreturn]] void on_out_of_memory() {
  turntable::write_last_words(
      "turntable: out of memory. flush_bytes, queued.max.messages.kbytes, --lanes and the size of "
      "the catalogue decide how much is needed: lower one of them, or give it more; nothing that "
      "was not acknowledged has been committed, so it is safe to start again.\n");
  std::_Exit(1);
}

[[noreturn]] void on_out_of_threads() {
  turntable::write_last_words(
      "turntable: no thread can be started: lower --lanes, or raise the limits on memory and on "
      "threads (ulimit -u, TasksMax); nothing that was not acknowledged has been committed, so it "
      "is safe to start again.\n");
  std::_Exit(1);
}

// An exception that nobody has caught is a bug like a CHECK that fails, and said like one.
[[noreturn]] void on_terminate() {
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
    turntable::check_failed("terminated", __FILE__, __LINE__);
  } catch (const std::bad_alloc&) {
    on_out_of_memory();  // What does not come by way of new: a mapping.
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) on_out_of_threads();
    turntable::check_failed(error.what(), __FILE__, __LINE__);
  } catch (const std::exception& error) {
    turntable::check_failed(error.what(), __FILE__, __LINE__);
  } catch (...) {
    turntable::check_failed("an exception without a message", __FILE__, __LINE__);
  }
}

void on_mimalloc_error(int code, void*) {
  if (code == ENOMEM) on_out_of_memory();
}

}  // namespace

// mimalloc's, which does not ask for the handler of `new`: it aborts without a word. Builds with
// sanitizers are not linked with it (docs/adr/0007-mimalloc.md).
extern "C" __attribute__((weak)) void mi_register_error(void (*handler)(int, void*), void* arg);

int main(int argc, char** argv) {
  turntable::reserve_standard_descriptors();
  std::set_terminate(on_terminate);
  std::set_new_handler(on_out_of_memory);
  if (mi_register_error != nullptr) mi_register_error(on_mimalloc_error, nullptr);
  return turntable::run_command_line(argc, argv);
}
