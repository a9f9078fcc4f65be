//! Questions about tables, put to each node that has to do with the rows sent so far.
//!
//! Each node of a cluster has its own copy of the schema and writes by it. Only the node that took a row as coordinator
//! can say by which schema it did so: another may not have heard of a change yet.

use crate::{
    completions::Completion,
    errors::{Blame, Carries, Code, Failure},
    query::{append_cell, append_rows, unreadable},
    session::Session,
};
use scylla::{
    client::session::Session as Driver,
    cluster::Node,
    policies::load_balancing::{NodeIdentifier, SingleTargetLoadBalancingPolicy},
    statement::{unprepared::Statement, Consistency},
};
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::task::JoinSet;

/// The nodes that have answered for rows since they were last asked.
#[derive(Default)]
pub struct Coordinators(Mutex<Vec<Arc<Node>>>);

impl Coordinators {
    pub fn add(&self, node: &Arc<Node>) {
        let mut nodes = self.lock();
        if !nodes.iter().any(|known| known.host_id == node.host_id) {
            nodes.push(Arc::clone(node));
        }
    }

    /// Which node has refused rows, the driver does not say: it may have been any that is there.
    pub fn add_all(&self, driver: &Driver) {
        for node in driver.get_cluster_state().get_nodes_info().iter().filter(|node| node.is_connected()) {
            self.add(node);
        }
    }

    fn take(&self) -> Vec<Arc<Node>> {
        mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Node>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of a question: the answers that differ from each other, as cells.
#[derive(Default)]
pub struct Answer {
    pub cells: Vec<u8>,
    pub count: u32,
}

impl Session {
    /// Runs the SELECTs on every node that has answered for rows since the last question that was answered, or on any
    /// one where there is none. The answer arrives in the completions.
    pub fn ask(&self, statements: Vec<String>, token: u64) {
        let driver = Arc::clone(&self.connection.driver);
        let blame = self.connection.blame.clone();
        let limit = self.connection.request_timeout;
        let completions = Arc::clone(&self.completions);
        let coordinators = Arc::clone(&self.coordinators);
        // Taken now: whoever answers from here on is asked the next time.
        let nodes = coordinators.take();
        self.connection.runtime().spawn(async move {
            let asked = ask_each(driver, blame.clone(), nodes.clone(), statements);
            let outcome = tokio::time::timeout(limit, asked).await.unwrap_or_else(|_| Err(blame.timeout(limit)));
            if outcome.is_err() {
                nodes.iter().for_each(|node| coordinators.add(node));
            }
            let (answer, failure) = match outcome {
                Ok(answer) => (answer, None),
                Err(failure) => (Answer::default(), Some(failure)),
            };
            completions.push(Completion { token, failure, answer });
        });
    }
}

/// Asks all nodes at once.
async fn ask_each(
    driver: Arc<Driver>,
    blame: Blame,
    nodes: Vec<Arc<Node>>,
    statements: Vec<String>,
) -> Result<Answer, Failure> {
    let statements = Arc::new(statements);
    let mut questions = JoinSet::new();
    let mut put = |node: Option<Arc<Node>>| {
        let (driver, blame, statements) = (Arc::clone(&driver), blame.clone(), Arc::clone(&statements));
        questions.spawn(async move { ask_one(&driver, &blame, node, &statements).await });
    };
    if nodes.is_empty() {
        put(None);
    }
    nodes.into_iter().for_each(|node| put(Some(node)));
    let mut answers: Vec<Vec<u8>> = Vec::new();
    while let Some(answer) = questions.join_next().await {
        let answer = answer.map_err(|error| Failure::new(Code::Other, error))??;
        if !answers.contains(&answer) {
            answers.push(answer);
        }
    }
    // The same answers look the same, whoever was quicker.
    answers.sort_unstable();
    Ok(Answer { count: answers.len() as u32, cells: answers.concat() })
}

/// For each statement a cell with the number of its rows, and the rows.
async fn ask_one(
    driver: &Driver,
    blame: &Blame,
    node: Option<Arc<Node>>,
    statements: &[String],
) -> Result<Vec<u8>, Failure> {
    let mut cells = Vec::new();
    for cql in statements {
        let mut statement = Statement::new(cql.as_str());
        // The schema's tables are the node's own.
        statement.set_consistency(Consistency::One);
        statement.set_is_idempotent(true);
        if let Some(node) = &node {
            let only = SingleTargetLoadBalancingPolicy::new(NodeIdentifier::Node(Arc::clone(node)), None);
            statement.set_load_balancing_policy(Some(only));
        }
        let mut outcome = driver.query_unpaged(statement.clone(), ()).await;
        if outcome.is_err() && node.is_some() {
            // It has gone since. What the others know is the best there is.
            statement.set_load_balancing_policy(None);
            outcome = driver.query_unpaged(statement, ()).await;
        }
        let result = outcome.map_err(|error| blame.execution(&error, Carries::Statement))?;
        let result = result.into_rows_result().map_err(|error| unreadable(&error))?;
        let mut rows = Vec::new();
        let count = append_rows(&mut rows, &result)?;
        append_cell(&mut cells, Some(&count.to_be_bytes()));
        cells.append(&mut rows);
    }
    Ok(cells)
}
