"""The original pipeline in PySpark, which Turntable replaces."""

from pathlib import Path

from contract import Rival, servers


class Here(Rival):
    name = "pyspark"
    title = "PySpark 3.5.7, the original pipeline (Cassandra connector 3.5.1)"
    sinks = ("null", "cassandra")
    jvm = True
    small = {"batch": 10_000}

    def build(self) -> None:
        maven = self.tool("mvn", "maven")
        python = self.folder / "venv" / "bin" / "python"
        pip = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input")
        self.step("python3", "-m", "venv", "--clear", self.folder / "venv")
        # pyspark comes as source, and building it must not fetch what nobody pinned.
        self.step(*pip, "setuptools==80.9.0", "wheel==0.45.1")
        self.step(*pip, "--no-build-isolation", "-r", self.source / "requirements.txt")
        jars = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={self.folder / 'jars'}")
        self.step(maven, "-q", "-B", "-f", self.source / "pom.xml", *jars)

    def words(self) -> list[object]:
        python = self.folder / "venv" / "bin" / "python"
        java_home = Path(servers.java()).resolve().parent.parent
        return [
            "env", f"JAVA_HOME={java_home}", f"PYSPARK_PYTHON={python}", python, self.source / "listening_history.py",
            f"--jars={self.folder / 'jars'}",
        ]  # fmt: skip
