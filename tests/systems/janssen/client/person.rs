//! Somebody who is asked while a client signs in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use secrecy::SecretString;
use usher::api::auth::{Ask, DeviceCode, Prompter};
use usher::emulator::Running;
use usher::model::ApiError;

/// Somebody at the terminal: approves, denies or ignores a code, and types a secret.
pub(super) struct Person {
    emulator: Option<usher::emulator::janssen::Handle>,
    approves: Option<bool>,
    types: Option<&'static str>,
    pub(super) asked: AtomicUsize,
    pub(super) done: AtomicUsize,
    pub(super) shown: Mutex<Vec<DeviceCode>>,
}

impl Person {
    pub(super) fn at(emulator: &Running, approves: Option<bool>) -> Arc<Self> {
        Arc::new(Self {
            emulator: Some(emulator.world()),
            approves,
            ..Self::typing("")
        })
    }

    pub(super) fn typing(text: &'static str) -> Self {
        Self {
            emulator: None,
            approves: None,
            types: Some(text),
            asked: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            shown: Mutex::default(),
        }
    }
}

#[async_trait]
impl Prompter for Person {
    async fn show_code(&self, code: DeviceCode) {
        let text = code.code.expose().to_owned();
        self.shown.lock().unwrap().push(code);
        if let (Some(emulator), Some(yes)) = (&self.emulator, self.approves) {
            assert!(if yes {
                emulator.approve_device(&text)
            } else {
                emulator.deny_device(&text)
            });
        }
    }

    async fn ask(&self, _ask: Ask) -> Result<Vec<SecretString>, ApiError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.types {
            Some(text) => Ok(vec![SecretString::from(text)]),
            None => Err(ApiError::Cancelled),
        }
    }

    async fn done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}
