"""Kafka Streams, with the Java driver for Cassandra."""

from contract import JavaRival


class Here(JavaRival):
    name = "kafka_streams"
    title = "Kafka Streams 4.1.1 (Java 17; Java driver 4.19.0)"
    sinks = ("null", "cassandra")
    main_class = "kafkastreams.ListeningHistory"
    jvm_options = ("-Xms1g", "-Xmx1g")
