package org.mobilevos.demo;

import java.util.List;
import org.mobilevos.demo.logic.Stages;

/** What the Bench tab shows. */
final class BenchStatus {
    /** One model that was measured to the end. */
    static final class Result {
        final Models.Model model;
        final String engine;
        /** Why the delegate is not the one that was asked for; empty where it is. */
        final String fallback;
        final Stages.Summary stages;
        /** The results file. */
        final String json;

        Result(Models.Model model, String engine, String fallback, Stages.Summary stages, String json) {
            this.model = model;
            this.engine = engine;
            this.fallback = fallback;
            this.stages = stages;
            this.json = json;
        }
    }

    /** What is measured now; null for nothing. */
    Models.Model running;
    /** How much of it is done, 0 to 1. */
    float progress;
    List<Result> results;
    /** What the user should know; null for nothing. */
    String note;
}
