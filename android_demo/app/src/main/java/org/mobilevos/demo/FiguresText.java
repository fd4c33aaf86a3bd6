package org.mobilevos.demo;

import android.content.Context;
import java.util.Locale;
import org.mobilevos.demo.logic.Stages;

/** Figures as lines of text. */
final class FiguresText {
    private static final String ROW = "%-9s %7s %7s%n";

    private FiguresText() {}

    /** The delegate that really runs the model, with the reason where it is not the one that was asked for. */
    static String engine(Context context, String engine, String fallback) {
        return engine == null ? context.getString(R.string.engine_none)
                : fallback.isEmpty() ? engine : context.getString(R.string.engine_fallback, engine, fallback);
    }

    /** The lines below the camera's picture. */
    static String camera(Context context, CameraStatus status) {
        String engine = context.getString(R.string.figures_engine, engine(context, status.engine, status.fallback));
        if (status.ids.length == 0 || status.stages.frames < 2) {
            return engine;
        }
        StringBuilder ids = new StringBuilder();
        for (int id : status.ids) {
            ids.append(ids.length() == 0 ? "" : ", ").append(id);
        }
        return context.getString(R.string.figures_ids, ids, status.dropped) + "\n"
                + context.getString(R.string.figures_speed, status.stages.framesPerSecond, status.stages.totalP50,
                        status.stages.totalP95) + "\n" + medians(context, status.stages) + "\n" + engine;
    }

    /** The medians of the stages in one line, in milliseconds. */
    private static String medians(Context context, Stages.Summary stages) {
        String[] names = context.getResources().getStringArray(R.array.stages);
        StringBuilder line = new StringBuilder();
        for (Stages.Stage stage : Stages.Stage.values()) {
            if (stages.measured(stage)) {
                line.append(line.length() == 0 ? "" : ", ").append(names[stage.ordinal()]).append(' ')
                        .append(number(stages.p50(stage)));
            }
        }
        return line.toString();
    }

    /** Median and 95th percentile of each stage, in milliseconds. */
    static String table(Context context, Stages.Summary stages) {
        String[] names = context.getResources().getStringArray(R.array.stages);
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT, ROW, "ms", "p50", "p95"));
        for (Stages.Stage stage : Stages.Stage.values()) {
            if (stages.measured(stage)) {
                row(table, names[stage.ordinal()], stages.p50(stage), stages.p95(stage));
            }
        }
        row(table, context.getString(R.string.stage_total), stages.totalP50, stages.totalP95);
        return table.toString();
    }

    private static void row(StringBuilder table, String name, double p50, double p95) {
        table.append(String.format(Locale.ROOT, ROW, name, number(p50), number(p95)));
    }

    private static String number(double milliseconds) {
        return String.format(Locale.ROOT, "%.1f", milliseconds);
    }
}
