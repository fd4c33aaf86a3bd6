package org.mobilevos.demo;

import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.net.Uri;
import android.view.View;
import android.widget.Button;
import android.widget.ProgressBar;
import android.widget.SeekBar;
import android.widget.TextView;
import org.mobilevos.demo.logic.TimeText;

/** The Video tab: a file, its first frame, the objects on it, and the results. */
final class VideoTab implements Tab, VideoWork.Listener, MarkingWork.PictureListener {
    static final int OPEN_REQUEST = 10;
    static final int SAVE_VIDEO_REQUEST = 11;
    static final int SAVE_MASKS_REQUEST = 12;
    private static final int STEPS = 1000;

    private final Activity activity;
    private final Workbench workbench;
    private final VideoWork work;
    private final View root;
    private final FrameView frame;
    private final TextView message;
    private final View position;
    private final SeekBar seek;
    private final TextView positionText;
    private final SelectionPanel selection;
    private final View add;
    private final View progressRow;
    private final ProgressBar progress;
    private final View choose;
    private final Button chooseFrame;
    private final View results;
    private final View saveVideo;
    private VideoStatus status;

    VideoTab(Activity activity, View root, Workbench workbench) {
        this.activity = activity;
        this.workbench = workbench;
        this.root = root;
        work = workbench.video;
        frame = (FrameView) root.findViewById(R.id.video_frame);
        message = (TextView) root.findViewById(R.id.video_message);
        position = root.findViewById(R.id.video_position);
        seek = (SeekBar) root.findViewById(R.id.position);
        positionText = (TextView) root.findViewById(R.id.position_text);
        add = root.findViewById(R.id.video_add);
        progressRow = root.findViewById(R.id.video_progress);
        progress = (ProgressBar) root.findViewById(R.id.progress);
        choose = root.findViewById(R.id.choose_video);
        chooseFrame = (Button) root.findViewById(R.id.choose_frame);
        results = root.findViewById(R.id.video_results);
        saveVideo = root.findViewById(R.id.save_video);
        selection = new SelectionPanel(root.findViewById(R.id.video_selection), frame, message, work, new Actions());
        seek.setMax(STEPS);
        progress.setMax(STEPS);
        seek.setOnSeekBarChangeListener(new Seeking());
        View.OnClickListener clicks = new Clicks();
        for (int id : new int[] {R.id.choose_video, R.id.choose_frame, R.id.video_add, R.id.cancel_following,
            R.id.save_video, R.id.save_masks}) {
            root.findViewById(id).setOnClickListener(clicks);
        }
        showPhase(VideoStatus.Phase.EMPTY);
        selection.show(false, false, true);
    }

    @Override
    public void onShow() {
        work.setListener(this);
        work.setPictureListener(this);
        onWorkbenchChanged();
    }

    @Override
    public void onHide() {
        work.setListener(null);
        work.setPictureListener(null);
    }

    @Override
    public void onWorkbenchChanged() {
        choose.setEnabled(workbench.busy() == 0);
        if (workbench.busy() == R.string.busy_bench) {
            message.setText(workbench.busy());
        }
    }

    @Override
    public void onDocument(int request, Uri document) {
        boolean begun = true;
        if (request == OPEN_REQUEST) {
            message.setText(R.string.video_opening);
            work.load(document);
        } else if (request == SAVE_VIDEO_REQUEST) {
            begun = work.saveVideo(document);
        } else if (request == SAVE_MASKS_REQUEST) {
            begun = work.saveMasks(document);
        }
        if (!begun) {
            message.setText(workbench.busy());
        }
    }

    @Override
    public void onPicture(FramePainter painter) {
        frame.show(painter);
    }

    @Override
    public void onVideoStatus(VideoStatus newStatus) {
        status = newStatus;
        showPhase(status.phase);
        selection.show(status.phase == VideoStatus.Phase.SELECTING, status.phase == VideoStatus.Phase.SELECTING,
                status.selectionEmpty);
        add.setEnabled(status.canAdd);
        if (!seek.isPressed() && status.durationUs > 0) {
            seek.setProgress((int) (status.timeUs * STEPS / status.durationUs));
        }
        positionText.setText(TimeText.of(status.timeUs));
        progress.setProgress(Math.round(status.progress * STEPS));
        saveVideo.setEnabled(status.hasVideo);
        message.setText(status.note == null ? hint() : status.note);
    }

    private void showPhase(VideoStatus.Phase phase) {
        boolean choosing = phase == VideoStatus.Phase.CHOOSING;
        boolean done = phase == VideoStatus.Phase.DONE;
        boolean working = phase == VideoStatus.Phase.FOLLOWING || phase == VideoStatus.Phase.SAVING;
        root.setKeepScreenOn(working);
        show(position, choosing);
        show(chooseFrame, choosing || done);
        chooseFrame.setText(done ? R.string.choose_again : R.string.choose_frame);
        show(add, phase == VideoStatus.Phase.SELECTING);
        show(progressRow, phase == VideoStatus.Phase.FOLLOWING);
        show(results, (choosing || done) && status != null && status.frames > 0);
        show(choose, !working);
    }

    private static void show(View view, boolean visible) {
        view.setVisibility(visible ? View.VISIBLE : View.GONE);
    }

    private String hint() {
        String small = status.divisor > 1 ? " " + activity.getString(R.string.video_small, status.divisor) : "";
        switch (status.phase) {
            case CHOOSING:
                return activity.getString(R.string.video_choosing, status.name) + small;
            case SELECTING:
                return activity.getString(status.selectionGuessed ? R.string.hint_guessed
                        : status.selectionEmpty ? R.string.hint_mark : R.string.video_refine);
            case FOLLOWING:
                return activity.getString(R.string.video_following, status.frames, FiguresText.engine(activity,
                        status.engine, status.fallback));
            case DONE:
                return activity.getString(R.string.video_done, status.frames);
            case SAVING:
                return activity.getString(R.string.busy_saving);
            default:
                return activity.getString(R.string.video_start);
        }
    }

    private void ask(Intent intent, int request) {
        try {
            activity.startActivityForResult(intent, request);
        } catch (ActivityNotFoundException error) {
            message.setText(R.string.no_picker);
        }
    }

    private static Intent document(String action, String mime) {
        return new Intent(action).addCategory(Intent.CATEGORY_OPENABLE).setType(mime);
    }

    /** The buttons. */
    private final class Clicks implements View.OnClickListener {
        @Override
        public void onClick(View view) {
            int id = view.getId();
            if (id == R.id.choose_video) {
                ask(document(Intent.ACTION_OPEN_DOCUMENT, "video/*"), OPEN_REQUEST);
            } else if (id == R.id.choose_frame) {
                selection.boxFirst();
                work.chooseFrame();
            } else if (id == R.id.video_add) {
                selection.boxFirst();
                work.add();
            } else if (id == R.id.cancel_following) {
                work.cancel();
            } else if (id == R.id.save_video) {
                Intent create = document(Intent.ACTION_CREATE_DOCUMENT, "video/mp4");
                create.putExtra(Intent.EXTRA_TITLE, activity.getString(R.string.saved_video_name));
                ask(create, SAVE_VIDEO_REQUEST);
            } else {
                ask(new Intent(Intent.ACTION_OPEN_DOCUMENT_TREE), SAVE_MASKS_REQUEST);
            }
        }
    }

    /** The seek bar. */
    private final class Seeking implements SeekBar.OnSeekBarChangeListener {
        @Override
        public void onProgressChanged(SeekBar bar, int value, boolean byUser) {
            if (byUser && status != null) {
                work.seek(status.durationUs * value / STEPS);
            }
        }

        @Override
        public void onStartTrackingTouch(SeekBar bar) {}

        @Override
        public void onStopTrackingTouch(SeekBar bar) {}
    }

    /** What the selection's buttons do. */
    private final class Actions extends SelectionPanel.Actions {
        @Override
        void onCancelSelection() {
            work.cancelSelection();
        }

        @Override
        void onAccept() {
            message.setText(work.follow() ? R.string.hint_working : workbench.busy());
        }
    }
}
