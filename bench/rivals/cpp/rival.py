"""The plain C++ loop: librdkafka of the very version that the engine has, Debian's simdjson, std::unordered_map."""

from contract import ROOT, Rival, Unavailable


class Here(Rival):
    name = "cpp"
    title = "plain C++ loop (librdkafka 2.12.1, simdjson 3.0)"
    sinks = ("null", "sqlite")
    sources = (ROOT / "bridge" / "Cargo.lock",)

    def build(self) -> None:
        cmake = self.tool("cmake", "cmake")
        self.tool("ninja", "ninja-build")
        if not (ROOT / "cmake" / "bridge.cmake").is_file():
            raise Unavailable("cmake/bridge.cmake is not there, which brings librdkafka")
        self.step(cmake, "-S", self.source, "-B", self.folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release")
        self.step(cmake, "--build", self.folder, "--target", "rival_cpp")

    def words(self) -> list[object]:
        return [self.folder / "rival_cpp"]
