//! Reports: sales by whatever they are grouped by, the way through the stages, and the forecast.

mod forecast;
mod period;
mod sales;
mod stages;

use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use forecast::{Forecast, ForecastBucket, ForecastMonth};
pub use sales::{SalesFigures, SalesGroup, SalesReport};
pub use stages::{StageFigures, StageReport};

/// The routes of this context.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().merge(sales::router()).merge(stages::router()).merge(forecast::router())
}
