//! Reports: sales by whatever they are grouped by, the way through the stages, the forecast, and what customers owe.

mod forecast;
pub(crate) mod period;
mod receivables;
mod sales;
mod stages;

use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use forecast::{Forecast, ForecastBucket, ForecastMonth};
pub use receivables::{Ageing, CustomerAgeing, Receivables};
pub use sales::{SalesFigures, SalesGroup, SalesReport};
pub use stages::{StageFigures, StageReport};

/// The routes of this context.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new()
        .merge(sales::router())
        .merge(stages::router())
        .merge(forecast::router())
        .merge(receivables::router())
}
