//! What went wrong, as a code for the program and a sentence for an operator.
//!
//! The driver's errors nest: a failed request holds a failed pool, which holds a failed connection, which holds a refused
//! login. The functions below walk down to the innermost cause, which alone decides the code.

use crate::tls;
use openssl::ssl;
use scylla::errors::{
    BadQuery, BrokenConnectionError, BrokenConnectionErrorKind, ConnectionError, ConnectionPoolError,
    ConnectionSetupRequestError, ConnectionSetupRequestErrorKind, DbError, ExecutionError, FrameHeaderParseError,
    MetadataError, MetadataFetchErrorKind, NewSessionError, NextPageError, NextRowError, PrepareError,
    RequestAttemptError, RequestError, SchemaAgreementError, UseKeyspaceError,
};
use std::{fmt::Display, io, time::Duration};

/// The numbers of `enum bridge_code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Ok = 0,
    Transient = 1,
    Auth = 2,
    Schema = 3,
    Row = 4,
    Argument = 5,
    Other = 6,
    Overloaded = 7,
}

#[derive(Debug)]
pub struct Failure {
    pub code: Code,
    pub message: String,
}

impl Failure {
    /// The message's white space is folded: some of the driver's texts hold line breaks and indentation.
    pub fn new(code: Code, message: impl Display) -> Failure {
        let message = message.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Failure { code, message }
    }

    pub fn argument(message: impl Display) -> Failure {
        Failure::new(Code::Argument, message)
    }

    fn transient(message: impl Display) -> Failure {
        Failure::new(Code::Transient, message)
    }

    fn overloaded(message: impl Display) -> Failure {
        Failure::new(Code::Overloaded, message)
    }

    fn other(message: impl Display) -> Failure {
        Failure::new(Code::Other, message)
    }
}

/// What a request carried. The server answers "invalid" both to a statement that no schema could satisfy and to a value
/// that a column cannot hold; only a request with rows can be at fault by its values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    Statement,
    Rows,
}

/// Turns the driver's errors into failures, with the nodes named where a node is to blame.
#[derive(Clone)]
pub struct Blame {
    /// The contact points, as they were given.
    pub nodes: String,
    /// Where TLS is used.
    pub tls: Option<tls::Knowledge>,
}

impl Blame {
    pub fn new_session(&self, error: &NewSessionError) -> Failure {
        match error {
            NewSessionError::FailedToResolveAnyHostname(_) => {
                Failure::transient(format!("no address is known for {}", self.nodes))
            }
            NewSessionError::MetadataError(error) => self.metadata(error),
            NewSessionError::UseKeyspaceError(error) => self.use_keyspace(error),
            NewSessionError::EmptyKnownNodesList | NewSessionError::IllegalConfig(_) => Failure::argument(error),
            _ => Failure::other(error),
        }
    }

    pub fn execution(&self, error: &ExecutionError, carries: Carries) -> Failure {
        match error {
            ExecutionError::BadQuery(error) => bad_query(error),
            ExecutionError::EmptyPlan => {
                Failure::transient(format!("no node of the cluster at {} is known", self.nodes))
            }
            ExecutionError::PrepareError(error) => self.prepare(error),
            ExecutionError::ConnectionPoolError(error) => self.pool(error),
            ExecutionError::LastAttemptError(error) => self.attempt(error, carries),
            ExecutionError::RequestTimeout(limit) => self.timeout(*limit),
            ExecutionError::UseKeyspaceError(error) => self.use_keyspace(error),
            ExecutionError::SchemaAgreementError(error) => self.agreement(error),
            ExecutionError::MetadataError(error) => self.metadata(error),
            _ => Failure::other(error),
        }
    }

    pub fn prepare(&self, error: &PrepareError) -> Failure {
        match error {
            PrepareError::ConnectionPoolError(error) => self.pool(error),
            PrepareError::AllAttemptsFailed { first_attempt } => self.attempt(first_attempt, Carries::Statement),
            _ => Failure::other(error),
        }
    }

    pub fn timeout(&self, limit: Duration) -> Failure {
        Failure::overloaded(format!("Cassandra at {} did not answer within {} ms", self.nodes, limit.as_millis()))
    }

    fn unreachable(&self, cause: impl Display) -> Failure {
        let subject = if self.nodes.contains(',') { "none of the Cassandra nodes" } else { "the Cassandra node" };
        let verb = if self.nodes.contains(',') { "can" } else { "cannot" };
        Failure::transient(format!("{subject} {} {verb} be reached: {cause}", self.nodes))
    }

    fn refused(&self, cause: impl Display) -> Failure {
        Failure::new(Code::Auth, format!("Cassandra at {} refused the login: {cause}", self.nodes))
    }

    fn metadata(&self, error: &MetadataError) -> Failure {
        match error {
            MetadataError::ConnectionPoolError(error) => self.pool(error),
            MetadataError::FetchError(error) => match &error.error {
                MetadataFetchErrorKind::PrepareError(error) => self.attempt(error, Carries::Statement),
                MetadataFetchErrorKind::NextRowError(NextRowError::NextPageError(NextPageError::RequestFailure(
                    RequestError::LastAttemptError(error),
                ))) => self.attempt(error, Carries::Statement),
                _ => Failure::transient(error),
            },
            _ => Failure::other(error),
        }
    }

    fn agreement(&self, error: &SchemaAgreementError) -> Failure {
        match error {
            SchemaAgreementError::ConnectionPoolError(error) => self.pool(error),
            SchemaAgreementError::PrepareError(error) => self.prepare(error),
            SchemaAgreementError::RequestError(error) => self.attempt(error, Carries::Statement),
            SchemaAgreementError::Timeout(limit) => {
                Failure::transient(format!("the nodes did not agree on the schema within {} ms", limit.as_millis()))
            }
            SchemaAgreementError::RequiredHostAbsent(_) => Failure::transient(error),
            _ => Failure::other(error),
        }
    }

    fn use_keyspace(&self, error: &UseKeyspaceError) -> Failure {
        match error {
            UseKeyspaceError::RequestError(error) => self.attempt(error, Carries::Statement),
            UseKeyspaceError::RequestTimeout(limit) => self.timeout(*limit),
            _ => Failure::new(Code::Schema, error),
        }
    }

    fn pool(&self, error: &ConnectionPoolError) -> Failure {
        match error {
            ConnectionPoolError::Broken { last_connection_error } => self.connection(last_connection_error),
            _ => self.unreachable("the connection is still being made"),
        }
    }

    fn connection(&self, error: &ConnectionError) -> Failure {
        match error {
            ConnectionError::ConnectTimeout => self.unreachable("the connection timed out"),
            ConnectionError::IoError(error) => self.io(error),
            ConnectionError::BrokenConnection(error) => self.broken(error),
            ConnectionError::ConnectionSetupRequestError(error) => self.setup(error),
            ConnectionError::UseKeyspaceError(error) => self.use_keyspace(error),
            _ => self.unreachable(error),
        }
    }

    fn setup(&self, error: &ConnectionSetupRequestError) -> Failure {
        match error.get_error() {
            ConnectionSetupRequestErrorKind::DbError(DbError::AuthenticationError, reason) if !cannot_ask_roles(reason) => {
                self.refused(reason)
            }
            ConnectionSetupRequestErrorKind::DbError(error, reason) => database(error, reason, Carries::Statement),
            ConnectionSetupRequestErrorKind::MissingAuthentication => {
                self.refused("it asks for a user name and a password, and none are given")
            }
            ConnectionSetupRequestErrorKind::StartAuthSessionError(error)
            | ConnectionSetupRequestErrorKind::AuthChallengeEvaluationError(error)
            | ConnectionSetupRequestErrorKind::AuthFinishError(error) => self.refused(error),
            ConnectionSetupRequestErrorKind::BrokenConnection(error) => self.ended_at_once(error),
            ConnectionSetupRequestErrorKind::UnableToAllocStreamId => self.unreachable(error),
            _ => Failure::other(format!("the server at {} does not speak Cassandra's protocol: {error}", self.nodes)),
        }
    }

    /// A connection that could not be made, the handshake of TLS included.
    fn io(&self, error: &io::Error) -> Failure {
        match (&self.tls, ssl_error(error)) {
            (Some(tls), Some(ssl)) => match tls.refusal(ssl) {
                Some(cause) => self.no_tls(cause),
                None => self.unreachable("the connection was lost"),
            },
            _ => self.unreachable(io_cause(error)),
        }
    }

    fn no_tls(&self, cause: impl Display) -> Failure {
        Failure::new(Code::Auth, format!("no TLS with the Cassandra node {}: {cause}", self.nodes))
    }

    /// A connection that was lost before it could be used.
    fn ended_at_once(&self, error: &BrokenConnectionError) -> Failure {
        let Some(tls) = &self.tls else {
            return self.unreachable("it ended the connection at once; does it ask for TLS? Then set ca_file");
        };
        let ssl = match error.downcast_ref::<BrokenConnectionErrorKind>() {
            Some(
                BrokenConnectionErrorKind::WriteError(error)
                | BrokenConnectionErrorKind::FrameHeaderParseError(FrameHeaderParseError::HeaderIoError(error)),
            ) => ssl_error(error),
            _ => None,
        };
        match ssl.and_then(|ssl| tls.late_refusal(ssl)) {
            Some(cause) => self.no_tls(cause),
            None => self.unreachable(tls.guess()),
        }
    }

    fn broken(&self, error: &BrokenConnectionError) -> Failure {
        match error.downcast_ref::<BrokenConnectionErrorKind>() {
            Some(BrokenConnectionErrorKind::WriteError(error)) => self.unreachable(io_cause(error)),
            Some(BrokenConnectionErrorKind::FrameHeaderParseError(_) | BrokenConnectionErrorKind::ChannelError) => {
                self.unreachable("the connection was lost")
            }
            Some(kind) => self.unreachable(kind),
            None => self.unreachable(error),
        }
    }

    fn attempt(&self, error: &RequestAttemptError, carries: Carries) -> Failure {
        match error {
            RequestAttemptError::DbError(error, reason) => database(error, reason, carries),
            RequestAttemptError::BrokenConnectionError(error) => self.broken(error),
            RequestAttemptError::UnableToAllocStreamId => {
                Failure::overloaded("the connections to Cassandra carry as many requests as they can")
            }
            RequestAttemptError::SerializationError(_) | RequestAttemptError::CqlRequestSerialization(_) => {
                Failure::new(Code::Row, error)
            }
            _ => Failure::other(error),
        }
    }
}

/// What the server said. Its own sentence is shown; the driver's, where the server's needs the figures.
fn database(error: &DbError, reason: &str, carries: Carries) -> Failure {
    match error {
        DbError::ReadTimeout { .. } | DbError::WriteTimeout { .. } => Failure::overloaded(error),
        DbError::Overloaded | DbError::RateLimitReached { .. } => Failure::overloaded(format!("{error}: {reason}")),
        DbError::Unavailable { .. } | DbError::ReadFailure { .. } | DbError::WriteFailure { .. } => {
            Failure::transient(error)
        }
        DbError::IsBootstrapping | DbError::TruncateError | DbError::ServerError | DbError::Unprepared { .. } => {
            Failure::transient(format!("{error}: {reason}"))
        }
        DbError::AuthenticationError | DbError::Unauthorized if cannot_ask_roles(reason) => Failure::transient(reason),
        DbError::AuthenticationError | DbError::Unauthorized => Failure::new(Code::Auth, reason),
        DbError::Invalid if disk_is_full(reason) => Failure::transient(reason),
        DbError::Invalid if carries == Carries::Rows && !names_schema(reason) && !forbids_all(reason) => {
            Failure::new(Code::Row, reason)
        }
        DbError::Invalid | DbError::AlreadyExists { .. } | DbError::ConfigError => Failure::new(Code::Schema, reason),
        DbError::SyntaxError => Failure::new(Code::Schema, format!("the CQL is not valid: {reason}")),
        _ => Failure::other(format!("{error}: {reason}")),
    }
}

/// Whether a node could not look into system_auth, whose replicas are away: it answers as it does to a wrong password, in
/// other words. The phrase is that of Cassandra 3 to 5, for logins and for rights.
fn cannot_ask_roles(reason: &str) -> bool {
    reason.starts_with("Unable to perform auth")
}

/// Whether an "invalid" answer speaks of tables, columns and types rather than of values. The phrases are those of
/// Cassandra 3 to 5; the protocol has no code for the difference.
fn names_schema(reason: &str) -> bool {
    const PHRASES: [&str; 7] = [
        "does not exist",
        "doesn't exist",
        "unconfigured",
        "Undefined column",
        "Unknown identifier",
        "Unknown keyspace",
        // "… (int)? to x of type float": the statement says another type than the table.
        "Cannot assign value",
    ];
    PHRASES.iter().any(|phrase| reason.contains(phrase))
}

/// Whether a node takes no writes until its disk has room again: guardrail `data_disk_usage_percentage_fail_threshold`,
/// which is answered as "invalid" although no row is at fault. The phrase is that of Cassandra 4.1 and 5, and of DSE.
fn disk_is_full(reason: &str) -> bool {
    reason.contains("disk usage exceeds")
}

/// Whether an "invalid" answer is a guardrail's that would refuse every row alike, and not one of a row's own sizes and
/// times. Cassandra 4.1 and 5 say "Guardrail NAME violated: …".
fn forbids_all(reason: &str) -> bool {
    const OF_A_ROW: [&str; 4] = ["_size", "items_per_collection", "maximum_timestamp", "minimum_timestamp"];
    let name = reason.strip_prefix("Guardrail ").and_then(|rest| rest.split_once(" violated"));
    name.is_some_and(|(name, _)| !OF_A_ROW.iter().any(|row| name.ends_with(row)))
}

fn bad_query(error: &BadQuery) -> Failure {
    Failure::new(Code::Row, error)
}

fn ssl_error(error: &io::Error) -> Option<&ssl::Error> {
    error.get_ref()?.downcast_ref::<ssl::Error>()
}

/// The operating system's words without the number that Rust puts behind them.
fn io_cause(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(reason: &str) -> Code {
        database(&DbError::Invalid, reason, Carries::Rows).code
    }

    #[test]
    fn a_full_disk_is_waited_for() {
        let reason = "Write request failed because disk usage exceeds failure threshold";
        assert_eq!(code_of(reason), Code::Transient);
        assert_eq!(code_of(&format!("Guardrail replica_disk_usage violated: {reason}")), Code::Transient);
    }

    #[test]
    fn a_guardrail_that_refuses_every_row_is_no_rows_fault() {
        let levels = "Provided values [ONE] are not allowed for write consistency levels";
        assert_eq!(code_of(&format!("Guardrail write_consistency_levels violated: {levels}")), Code::Schema);
        assert_eq!(
            code_of("Guardrail user_timestamps violated: User provided timestamps (USING TIMESTAMP) is not allowed"),
            Code::Schema
        );
    }

    #[test]
    fn a_guardrail_of_one_rows_sizes_is_that_rows_fault() {
        for name in ["column_value_size", "column_blob_value_size", "collection_size", "items_per_collection", "maximum_timestamp"] {
            let reason = format!("Guardrail {name} violated: this exceeds the failure threshold of 1.000KiB.");
            assert_eq!(code_of(&reason), Code::Row, "{name}");
        }
    }

    #[test]
    fn a_value_is_a_rows_fault_and_a_missing_column_is_not() {
        assert_eq!(code_of("Key may not be empty"), Code::Row);
        assert_eq!(code_of("Undefined column name x in table k.t"), Code::Schema);
        assert_eq!(code_of("Cannot assign value (int)? to x of type float"), Code::Schema);
    }
}
