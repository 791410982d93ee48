//! Shapes of the domain's values of billing, for the documentation and for what it asks of bodies.

use utoipa::ToSchema;

/// Where in its country somebody is.
#[derive(ToSchema)]
#[schema(as = Address)]
pub struct AddressShape {
    /// Street and number, or a box.
    #[schema(min_length = 1, max_length = 200, example = "Engine Street 1")]
    pub street: Option<String>,
    /// What else it takes to find the place.
    #[schema(min_length = 1, max_length = 200)]
    pub addition: Option<String>,
    /// The postal code.
    #[schema(min_length = 1, max_length = 20, example = "10115")]
    pub postal_code: Option<String>,
    /// The city.
    #[schema(min_length = 1, max_length = 100, example = "Berlin")]
    pub city: String,
    /// The region, in countries whose addresses have one.
    #[schema(min_length = 1, max_length = 100)]
    pub region: Option<String>,
}

/// A number by which a tax office knows somebody.
#[derive(ToSchema)]
#[schema(as = TaxId)]
pub struct TaxIdShape {
    /// Which of their numbers it is.
    pub kind: TaxIdKindShape,
    /// The number; the one for value added tax with the prefix of its country.
    #[schema(min_length = 1, max_length = 40, example = "DE123456789")]
    pub value: String,
}

/// Which number of a tax office it is.
#[derive(ToSchema)]
#[schema(as = TaxIdKind, rename_all = "snake_case")]
pub enum TaxIdKindShape {
    /// The one for value added tax.
    Vat,
    /// The one of a local office.
    Registration,
}

/// How something is taxed. Only category S has a rate above 0, and only E has a reason.
#[derive(ToSchema)]
#[schema(as = Tax)]
pub struct TaxShape {
    /// A category of value added tax, by its code in UNTDID 5305: S taxed, Z at the rate of 0, E exempt, AE reverse charge.
    pub category: TaxCategoryShape,
    /// The rate, in percent; 0 if left out.
    #[schema(required = false, pattern = r"^\d{1,2}(\.\d{1,4})?$", example = "19")]
    pub rate: Option<String>,
    /// Why it is exempt.
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// A category of value added tax.
#[derive(ToSchema)]
#[schema(as = TaxCategory, rename_all = "UPPERCASE")]
pub enum TaxCategoryShape {
    /// Taxed at a rate above 0.
    S,
    /// Taxed at the rate of 0.
    Z,
    /// Exempt.
    E,
    /// Reverse charge.
    Ae,
}

/// Off or on.
#[derive(ToSchema)]
#[schema(as = AdjustmentKind, rename_all = "snake_case")]
pub enum AdjustmentKindShape {
    /// Taken off.
    Allowance,
    /// Put on.
    Charge,
}

/// How much is taken off or put on.
#[derive(ToSchema)]
#[schema(as = Measure, rename_all = "snake_case")]
pub enum MeasureShape {
    /// So much, in the currency of the document and with no more decimal places than it has.
    Amount(String),
    /// Such a share, in percent, of the line, or of the lines that are taxed in the same way.
    Percent(String),
}

/// How a payment came.
#[derive(ToSchema)]
#[schema(as = PaymentMethod, rename_all = "snake_case")]
pub enum MethodShape {
    /// From an account of a bank to another.
    BankTransfer,
    /// Drawn from the customer's account.
    DirectDebit,
    /// By a card.
    Card,
    /// In coins and notes.
    Cash,
    /// By a cheque.
    Cheque,
    /// In some other way.
    Other,
}
