"""Flink SQL on a mini-cluster, that is, in one process."""

from contract import JavaRival

# Flink's own configuration for Java 17 (env.java.opts.all) opens these; a mini-cluster does not read that file.
OPENED = (
    "java.base/java.lang", "java.base/java.lang.invoke", "java.base/java.math", "java.base/java.net", "java.base/java.io",
    "java.base/java.nio", "java.base/java.text", "java.base/java.time", "java.base/java.util", "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic", "java.base/java.util.concurrent.locks",
)  # fmt: skip


class Here(JavaRival):
    name = "flink"
    title = "Flink SQL 2.0.1 (Java 17; mini-cluster, map lookup)"
    main_class = "flinksql.ListeningHistory"
    jvm_options = ("-Xms2g", "-Xmx2g", *(word for package in OPENED for word in ("--add-opens", f"{package}=ALL-UNNAMED")))
