// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes and draws the history of a training run.

#include "tools/weft/train/Curve.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"

#include <cmath>

namespace weft {

void writeCsv(const Progress &progress, llvm::raw_ostream &os) {
  os << "epoch";
  for (const std::string &name : progress.columns)
    os << "," << name;
  os << "\n";
  for (auto [epoch, row] : llvm::enumerate(progress.history)) {
    os << epoch + 1;
    for (double value : row)
      os << llvm::format(",%.9g", value);
    os << "\n";
  }
}

//===-- Drawing -----------------------------------------------------------------------------===//

namespace {
/// Sizes in the units of the picture, which are pixels at its natural size.
constexpr double width = 640, panelHeight = 220, left = 64, right = 16, top = 34, bottom = 38;
constexpr llvm::StringLiteral colours[] = {"#1b6ca8", "#c8553d", "#3a7d44", "#7d5ba6"};

/// A linear scale with round numbers at its ticks.
struct Axis {
  double low = 0, high = 1, from = 0, to = 1;

  double place(double value) const { return from + (value - low) / (high - low) * (to - from); }
  std::vector<double> ticks() const;
};
} // namespace

/// 1, 2 or 5 times a power of 10, so that about five ticks fit.
static double tickStep(double range) {
  double power = std::pow(10, std::floor(std::log10(range / 5)));
  for (double factor : {1.0, 2.0, 5.0})
    if (range / (factor * power) <= 6)
      return factor * power;
  return 10 * power;
}

std::vector<double> Axis::ticks() const {
  double step = tickStep(high - low);
  std::vector<double> result;
  for (double value = std::ceil(low / step) * step; value <= high + step * 1e-9; value += step)
    result.push_back(std::abs(value) < step * 1e-9 ? 0 : value);
  return result;
}

static Axis valueAxis(const Progress &progress, ArrayRef<size_t> columns, double offset) {
  Axis axis{HUGE_VAL, -HUGE_VAL, offset + panelHeight - bottom, offset + top};
  for (const std::vector<double> &row : progress.history)
    for (size_t column : columns)
      if (std::isfinite(row[column])) {
        axis.low = std::min(axis.low, row[column]);
        axis.high = std::max(axis.high, row[column]);
      }
  if (axis.low > axis.high)
    axis.low = 0, axis.high = 1;
  double margin =
      axis.low == axis.high ? std::max(0.5, std::abs(axis.low) / 2) : (axis.high - axis.low) * 0.05;
  axis.low -= margin;
  axis.high += margin;
  return axis;
}

static void drawText(double x, double y, StringRef anchor, StringRef text, llvm::raw_ostream &os) {
  os << llvm::format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor.str().c_str());
  for (char c : text) // XML
    os << (c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c));
  os << "</text>\n";
}

static void drawLine(double x1, double y1, double x2, double y2, llvm::raw_ostream &os) {
  os << llvm::format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x1, y1, x2, y2);
}

static std::string numberText(const char *format, double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format(format, value);
  return text;
}

static void drawGrid(const Axis &x, const Axis &y, llvm::raw_ostream &os) {
  for (double value : y.ticks()) {
    drawLine(x.from, y.place(value), x.to, y.place(value), os);
    drawText(x.from - 8, y.place(value) + 4, "end", numberText("%.4g", value), os);
  }
  for (double value : x.ticks())
    if (value == std::floor(value) && value >= 1)
      drawText(x.place(value), y.from + 16, "middle", numberText("%.0f", value), os);
  drawText((x.from + x.to) / 2, y.from + 32, "middle", "epoch", os);
}

/// The curve of a column. What is not finite leaves a gap.
static void drawCurve(const Progress &progress, size_t column, const Axis &x, const Axis &y,
                      StringRef colour, llvm::raw_ostream &os) {
  os << "<path fill=\"none\" stroke-width=\"1.8\" stroke=\"" << colour << "\" d=\"";
  bool isPen = false;
  for (auto [epoch, row] : llvm::enumerate(progress.history)) {
    double value = row[column];
    if (std::isfinite(value))
      os << (isPen ? " L" : " M")
         << llvm::format("%.1f %.1f", x.place(double(epoch) + 1), y.place(value));
    isPen = std::isfinite(value);
  }
  os << "\"/>\n";
}

static void drawPanel(const Progress &progress, ArrayRef<size_t> columns, double offset,
                      llvm::raw_ostream &os) {
  double epochs = std::max<double>(2, static_cast<double>(progress.epoch()));
  Axis x{1, epochs, left, width - right}, y = valueAxis(progress, columns, offset);
  drawGrid(x, y, os);
  double legend = left;
  for (auto [index, column] : llvm::enumerate(columns)) {
    StringRef colour = colours[index % std::size(colours)];
    drawCurve(progress, column, x, y, colour, os);
    os << llvm::format(
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"3\" fill=\"%s\" stroke=\"none\"/>\n",
        legend, offset + 15, colour.str().c_str());
    drawText(legend + 20, offset + 20, "start", progress.columns[column], os);
    legend += 40 + 7.5 * static_cast<double>(progress.columns[column].size());
  }
}

void writeSvg(const Progress &progress, llvm::raw_ostream &os) {
  llvm::MapVector<StringRef, SmallVector<size_t>> panels;
  for (auto [index, name] : llvm::enumerate(progress.columns)) {
    StringRef quantity = name;
    quantity.consume_front("train.");
    panels[quantity].push_back(index);
  }
  double height = panelHeight * static_cast<double>(panels.size());
  os << llvm::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                     "viewBox=\"0 0 %.0f %.0f\" ",
                     width, height, width, height)
     << "font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\" stroke=\"#ddd\">\n"
     << "<style>text { stroke: none }</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\" "
        "stroke=\"none\"/>\n";
  double offset = 0;
  for (const auto &[quantity, columns] : panels) {
    drawPanel(progress, columns, offset, os);
    offset += panelHeight;
  }
  os << "</svg>\n";
}

} // namespace weft
