#[cfg(test)]
mod doubles;
pub mod real;
