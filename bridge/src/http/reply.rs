//! What a request is answered with: a few words, the bytes of a page, or the events of `/api/live`.

use super::live::Frames;
use bytes::Bytes;
use hyper::{
    body::{Body as HttpBody, Frame, SizeHint},
    header::{HeaderName, HeaderValue, CACHE_CONTROL, CONTENT_TYPE},
    Response, StatusCode,
};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{ready, Context, Poll},
};

pub type Reply = Response<Body>;

pub enum Body {
    /// Taken when it is sent.
    Whole(Bytes),
    Live(Frames),
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match self.get_mut() {
            Body::Whole(bytes) => Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
            Body::Live(frames) => ready!(frames.poll_next(context)),
        };
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Body::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Body::Live(_) => SizeHint::default(),
        }
    }
}

pub fn whole(status: StatusCode, bytes: Bytes) -> Reply {
    let mut reply = Response::new(Body::Whole(bytes));
    *reply.status_mut() = status;
    reply
}

/// A line of text.
pub fn say(status: StatusCode, text: &str) -> Reply {
    let reply = whole(status, format!("{text}\n").into());
    with(with(reply, CONTENT_TYPE, "text/plain; charset=utf-8"), CACHE_CONTROL, "no-store")
}

/// The reply with one more header. A value that no header can have is left out.
pub fn with(mut reply: Reply, name: HeaderName, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
    reply
}
