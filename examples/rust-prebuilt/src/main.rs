fn main() {
    println!("probe {}", env!("CARGO_PKG_VERSION"));
}
