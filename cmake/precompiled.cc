// Empty: CMake wants a source in the target that compiles the headers (CMakeLists.txt, headers_read_once).
