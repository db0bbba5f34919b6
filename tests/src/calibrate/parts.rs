//! Which part of the cost model's table a function of the runtime belongs to.

use std::collections::BTreeMap;

use crate::firmware::Elf;

/// The runtime's functions, those of one address once.
pub(super) fn unique(elf: &Elf) -> Vec<(String, u64)> {
    let functions = elf.symbols.iter().filter(|symbol| {
        symbol
            .name
            .trim_start_matches('<')
            .starts_with("ember_runtime::")
            && symbol.size > 0
    });
    let by_address: BTreeMap<u64, (String, u64)> = functions
        .map(|symbol| (symbol.address, (symbol.name.clone(), symbol.size)))
        .collect();
    by_address.into_values().collect()
}

/// Modules of the runtime by what their functions' names contain, the more special first.
const MODULES: [(&str, &str); 66] = [
    ("::int16::Finish", "finish_s16"),
    ("::int16::conv2d::", "conv2d_s16"),
    ("::int16::depthwise_conv2d::", "depthwise_conv2d_s16"),
    ("::int16::dense::", "dense_s16"),
    ("::int16::add::", "add_s16"),
    ("::int16::pool2d::run::<true>", "average_pool2d_s16"),
    ("::int16::pool2d::", "max_pool2d_s16"),
    ("::int16::quantize::", "quantize_s16"),
    ("::saturated::", "saturated"),
    ("::requant::requantize_wide", "requantize_wide"),
    ("::requant::requantize", "requantize"),
    ("::finish_one", "finish_one"),
    // The M0 sums all outputs by functions that others have for the last few alone.
    ("thumb1::depthwise_conv2d::", "depthwise_conv2d"),
    ("thumb1::conv2d::", "conv2d"),
    ("thumb1::dense::", "dense"),
    // Called at run time by transposed convolutions alone.
    ("::packing::matrix_words", "transpose_conv2d"),
    ("::finish_any", "finish_any"),
    ("::clamp", "clamp"),
    ("::bytes::copy", "copy_bytes"),
    ("::bytes::fill", "fill_bytes"),
    ("::rows::", "rows"),
    ("::binary::sums", "binary_sum"),
    ("::binary::products", "binary_product"),
    ("::binary::picks", "binary_pick"),
    ("::binary::prelus", "binary_prelu"),
    ("::copy::run", "copy"),
    ("::reduce::sums", "reduce_sum"),
    ("::reduce::maxima", "reduce_max"),
    ("::arg_max::", "arg_max"),
    ("::resize_bilinear::", "resize_bilinear"),
    ("::matmul::", "matmul"),
    ("::constant::", "constant"),
    ("::row_sums::averages", "average_row"),
    ("::row_sums::", "row_sums"),
    ("::mean::Task", "mean_row"),
    ("Average>", "average_pool2d"),
    ("Maximum>", "max_pool2d"),
    ("::conv2d::s4::", "conv2d_s4"),
    ("::dense_s4::", "dense_s4"),
    ("::unpack::", "unpack"),
    ("::depthwise_conv2d::group::Group", "depthwise_conv2d_rest"),
    ("::depthwise_conv2d::one_", "depthwise_conv2d_rest"),
    ("::depthwise_conv2d::run", "depthwise_conv2d_loops"),
    ("::depthwise_conv2d::", "depthwise_conv2d"),
    ("::transpose_conv2d::", "transpose_conv2d"),
    ("::conv2d::one_", "conv2d_rest"),
    ("::conv2d::run", "conv2d_loops"),
    ("::conv2d::", "conv2d"),
    ("::dot::", "dot"),
    ("::dense::one_", "dense_rest"),
    ("::dense::run", "dense_loops"),
    ("::dense::", "dense"),
    ("::add::", "add"),
    ("::mean::", "mean"),
    ("::log_softmax::", "log_softmax"),
    ("::softmax::", "softmax"),
    ("::l2_norm::", "l2_norm"),
    ("::embedding::", "embedding"),
    ("::svdf::", "svdf"),
    ("::lookup::", "lookup"),
    ("::lstm::", "lstm"),
    ("::darts_cell::", "darts_cell"),
    ("::recurrent::Task>::gate", "gru"),
    ("::recurrent::rnn", "rnn"),
    ("::recurrent::gru", "gru"),
    ("::recurrent::", "recurrent"),
];

/// The part that a function belongs to: its module, and 0 if it serves all forms, 1 for TfLite, 2 for
/// Single, 3 for others. Functions for one form have its number as their first parameter.
pub fn part(function: &str) -> Option<(&'static str, usize)> {
    let (_, module) = MODULES.iter().find(|(text, _)| function.contains(text))?;
    // `run::<_, true>` has no code for the last few channels.
    let whole = function.ends_with(", true>");
    let module = match *module {
        "depthwise_conv2d_loops" if whole => "depthwise_conv2d_whole",
        "conv2d_loops" if whole => "conv2d_whole",
        "dense_loops" if whole => "dense_whole",
        module => module,
    };
    let form = function
        .rsplit_once("::<")
        .filter(|(path, _)| !path.ends_with("one_pixel"))
        .and_then(|(_, parameters)| parameters.bytes().next())
        .filter(u8::is_ascii_digit)
        .map_or(0, |digit| usize::from(digit - b'0') + 1);
    Some((module, form))
}
