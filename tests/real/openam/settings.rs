//! How a realm signs people in and keeps their sessions, set on the running server.

use serde_json::{Value, json};

use super::world::{V1, V2, World};

impl World {
    /// Which session properties of a realm may be read and written.
    pub async fn list_properties(&self, realm: &str, names: &[&str]) {
        let to = format!(
            "{}/realm-config/services/amSessionPropertyWhitelist?_action=create",
            self.base(realm)
        );
        let body = json!({"sessionPropertyWhitelist": names});
        let (status, said) = self.ask(self.http.post(to).json(&body), V1).await;
        assert!(matches!(status, 201 | 409), "properties: {status} {said}");
    }

    /// After how many minutes without use the sessions of a realm end.
    pub async fn idle_minutes(&self, realm: &str, minutes: u32) {
        let to = format!(
            "{}/realm-config/services/session?_action=create",
            self.base(realm)
        );
        let times = json!({
            "maxSessionTime": 30, "maxIdleTime": minutes, "quotaLimit": 5, "maxCachingTime": 3
        });
        let body = json!({"dynamic": times});
        let (status, said) = self.ask(self.http.post(to).json(&body), V1).await;
        assert_eq!(status, 201, "session times: {said}");
    }

    /// Makes the tokens of a realm carry their sessions in themselves.
    pub async fn keep_sessions_in_tokens(&self, realm: &str) {
        let to = format!("{}/realm-config/authentication", self.base(realm));
        let (status, mut document) = self.ask(self.http.get(&to), V1).await;
        assert_eq!(status, 200, "{document}");
        document["general"]["statelessSessionsEnabled"] = Value::Bool(true);
        let fields = document.as_object_mut().expect("an object");
        fields.retain(|name, _| !name.starts_with('_'));
        let (status, said) = self.ask(self.http.put(&to).json(&document), V1).await;
        assert_eq!(status, 200, "client-side sessions: {said}");
    }

    /// Makes a chain of modules, all of which must be passed.
    pub async fn chain(&self, realm: &str, name: &str, modules: &[&str]) {
        let to = format!(
            "{}/realm-config/authentication/chains?_action=create",
            self.base(realm)
        );
        let one = |module: &&str| json!({"module": module, "criteria": "REQUIRED", "options": {}});
        let steps: Vec<Value> = modules.iter().map(one).collect();
        let body = json!({"_id": name, "authChainConfiguration": steps});
        let (status, said) = self.ask(self.http.post(to).json(&body), V1).await;
        assert_eq!(status, 201, "chain {name}: {said}");
    }

    /// Makes a module for chains, such as `authenticatoroath` or `membership`.
    pub async fn module(&self, realm: &str, kind: &str, name: &str) {
        let to = format!(
            "{}/realm-config/authentication/modules/{kind}?_action=create",
            self.base(realm)
        );
        let body = json!({"_id": name});
        let (status, said) = self.ask(self.http.post(to).json(&body), V1).await;
        assert_eq!(status, 201, "module {name}: {said}");
    }

    /// Ends the session of a token behind everybody's back.
    pub async fn end(&self, token: &str) {
        let to = format!("{}/sessions", self.base("/"));
        let request = self.http.post(to);
        let request = request.query(&[("_action", "logout"), ("tokenId", token)]);
        let (status, said) = self.ask(request.body("{}"), V2).await;
        assert_eq!(status, 200, "{said}");
        assert!(!self.is_valid(token).await, "{said}");
    }
}
