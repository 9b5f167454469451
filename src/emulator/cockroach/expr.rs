//! Reads expressions: conditions, casts, calls and sums.

use super::failure::Failure;
use super::lexer::Token;
use super::parse::Parser;
use super::statement::{Expr, Sign};
use super::value::{Type, Value};

/// Parentheses deeper than this are refused.
const DEEPEST: usize = 32;

impl Expr {
    /// The name of its column in a result that gives it none.
    pub(super) fn usual_name(&self) -> String {
        match self {
            Expr::Column(_, name) => name.clone(),
            Expr::Now => "now".to_owned(),
            Expr::Version => "version".to_owned(),
            Expr::CurrentUser => "current_user".to_owned(),
            Expr::Unhex(_) => "decode".to_owned(),
            Expr::Count(_) => "count".to_owned(),
            Expr::Case { .. } => "case".to_owned(),
            Expr::Cast(inner, _) => inner.usual_name(),
            _ => "?column?".to_owned(),
        }
    }
}

impl Parser<'_> {
    /// A condition or a value.
    pub(super) fn expr(&mut self) -> Result<Expr, Failure> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.wrong();
        }
        let first = self.both()?;
        let mut any = vec![first];
        while self.takes_word("or") {
            any.push(self.both()?);
        }
        self.depth -= 1;
        Ok(one_or(any, Expr::Or))
    }

    fn both(&mut self) -> Result<Expr, Failure> {
        let mut all = vec![self.negated()?];
        while self.takes_word("and") {
            all.push(self.negated()?);
        }
        Ok(one_or(all, Expr::And))
    }

    fn negated(&mut self) -> Result<Expr, Failure> {
        if self.takes_word("not") {
            return Ok(Expr::Not(Box::new(self.compared()?)));
        }
        self.compared()
    }

    fn compared(&mut self) -> Result<Expr, Failure> {
        let left = self.sum()?;
        if self.takes_word("is") {
            let is_not = self.takes_word("not");
            self.word("null")?;
            return Ok(unless(is_not, Expr::IsNull(Box::new(left))));
        }
        let is_not = self.takes_word("not");
        let minds_no_case = self.takes_word("ilike");
        if minds_no_case || self.takes_word("like") {
            let pattern = Box::new(self.sum()?);
            let like = Expr::Like(Box::new(left), pattern, minds_no_case);
            return Ok(unless(is_not, like));
        }
        if self.takes_word("in") {
            self.sign("(")?;
            let mut list = vec![self.sum()?];
            while self.takes_sign(",") {
                list.push(self.sum()?);
            }
            self.sign(")")?;
            return Ok(unless(is_not, Expr::In(Box::new(left), list)));
        }
        if is_not {
            return self.wrong();
        }
        let Some(sign) = self.comparison() else {
            return Ok(left);
        };
        let right = self.sum()?;
        Ok(Expr::Compare(sign, Box::new(left), Box::new(right)))
    }

    fn comparison(&mut self) -> Option<Sign> {
        let signs = [
            ("=", Sign::Equal),
            ("!=", Sign::NotEqual),
            ("<>", Sign::NotEqual),
            ("<=", Sign::LessOrEqual),
            (">=", Sign::GreaterOrEqual),
            ("<", Sign::Less),
            (">", Sign::Greater),
        ];
        let found = signs.into_iter().find(|(text, _)| self.takes_sign(text));
        found.map(|(_, sign)| sign)
    }

    fn sum(&mut self) -> Result<Expr, Failure> {
        let mut sum = self.cast()?;
        loop {
            if self.takes_sign("+") {
                sum = Expr::Add(Box::new(sum), Box::new(self.cast()?));
            } else if self.takes_sign("-") {
                sum = Expr::Subtract(Box::new(sum), Box::new(self.cast()?));
            } else {
                return Ok(sum);
            }
        }
    }

    fn cast(&mut self) -> Result<Expr, Failure> {
        let mut expr = self.single()?;
        while self.takes_sign("::") {
            let known = match self.peek() {
                Some(Token::Word(word)) => Type::named(word),
                _ => None,
            };
            let Some(to) = known else {
                return self.wrong();
            };
            self.next();
            expr = Expr::Cast(Box::new(expr), to);
        }
        Ok(expr)
    }

    fn single(&mut self) -> Result<Expr, Failure> {
        match self.peek().cloned() {
            Some(Token::Text(text)) => {
                self.next();
                Ok(Expr::Literal(Value::text(&text)))
            }
            Some(Token::Number(_) | Token::Sign("-")) => self.number(),
            Some(Token::Placeholder(number)) => {
                self.next();
                self.placeholders = self.placeholders.max(number);
                Ok(Expr::Placeholder(number))
            }
            Some(Token::Sign("(")) => self.in_parentheses(),
            Some(Token::Quoted(_)) => self.column(),
            Some(Token::Word(word)) => self.worded(&word),
            _ => self.wrong(),
        }
    }

    /// A whole number of 64 bits.
    fn number(&mut self) -> Result<Expr, Failure> {
        let sign = if self.takes_sign("-") { "-" } else { "" };
        let Some(Token::Number(digits)) = self.peek().cloned() else {
            return self.wrong();
        };
        match format!("{sign}{digits}").parse() {
            Ok(number) => {
                self.next();
                Ok(Expr::Literal(Value::Int(number)))
            }
            Err(_) => Err(Failure::new("22003", "numeric constant out of int64 range")),
        }
    }

    fn in_parentheses(&mut self) -> Result<Expr, Failure> {
        self.sign("(")?;
        let is_query = matches!(self.peek(), Some(Token::Word(word)) if word == "select");
        let inside = if is_query {
            Expr::Query(Box::new(self.select()?))
        } else {
            self.expr()?
        };
        self.sign(")")?;
        Ok(inside)
    }

    /// What begins with a word: a keyword, a call or a column.
    fn worded(&mut self, word: &str) -> Result<Expr, Failure> {
        match word {
            "null" => self.keyword(Expr::Literal(Value::Null)),
            "true" => self.keyword(Expr::Literal(Value::Bool(true))),
            "false" => self.keyword(Expr::Literal(Value::Bool(false))),
            "current_user" => self.keyword(Expr::CurrentUser),
            "case" => self.case(),
            "now" | "version" | "decode" | "count" if self.calls() => self.call(word),
            _ => self.column(),
        }
    }

    fn keyword(&mut self, expr: Expr) -> Result<Expr, Failure> {
        self.next();
        Ok(expr)
    }

    fn column(&mut self) -> Result<Expr, Failure> {
        let first = self.name()?;
        if self.takes_sign(".") {
            let name = self.name()?;
            return Ok(Expr::Column(Some(first), name));
        }
        Ok(Expr::Column(None, first))
    }

    fn call(&mut self, function: &str) -> Result<Expr, Failure> {
        self.next();
        self.sign("(")?;
        let call = match function {
            "now" => Expr::Now,
            "version" => Expr::Version,
            "count" if self.takes_sign("*") => Expr::Count(None),
            "count" => Expr::Count(Some(Box::new(self.sum()?))),
            _ => {
                let digits = Box::new(self.sum()?);
                self.sign(",")?;
                if !self.takes(&Token::Text("hex".to_owned())) {
                    return self.wrong();
                }
                Expr::Unhex(digits)
            }
        };
        self.sign(")")?;
        Ok(call)
    }

    fn case(&mut self) -> Result<Expr, Failure> {
        self.word("case")?;
        self.word("when")?;
        let when = Box::new(self.expr()?);
        self.word("then")?;
        let then = Box::new(self.expr()?);
        self.word("else")?;
        let otherwise = Box::new(self.expr()?);
        self.word("end")?;
        Ok(Expr::Case {
            when,
            then,
            otherwise,
        })
    }
}

fn one_or(mut list: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    if list.len() == 1 {
        list.remove(0)
    } else {
        many(list)
    }
}

fn unless(is_not: bool, expr: Expr) -> Expr {
    if is_not {
        Expr::Not(Box::new(expr))
    } else {
        expr
    }
}
